import t from 'tap'
t.end()
