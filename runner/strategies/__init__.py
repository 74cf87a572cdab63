"""Closed loops: which jobs come next, as a pure function of what is wanted and of what came back.

`rounds`: the next round, or why there is none; `stop_rules`, `winners`: what is enough, and what is best.
`kinds`: what each kind of strategy takes; `engines`: how it proposes, one module a kind.
`conditions`: what every job keeps.

Nothing here has a clock or keeps a random generator. NumPy is imported where a round is looked for, and what
a kind needs beside it where one is proposed.
"""
