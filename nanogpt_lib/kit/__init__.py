"""What makes a lesson interactive, whatever the lesson is about. Nothing in here knows a lesson.

| file | what lives there |
|---|---|
| `panel` | what the learner sees: a panel, and the same words as plain text |
| `outcome` | run an answer once on one input; compare two outcomes |
| `attempt` | tell whether a function is still a stub, and which line of it raised |
| `plain` | make plain numbers of whatever an answer returned |
| `changed` | say how an answer changed what it was given |
| `undisturbed` | put back what an answer leaves behind |
| `stop` | let an interrupt win over code that catches everything |
| `printed` | cut what an answer prints |
| `diagnose` | say what is wrong with an answer that no known mistake explains |
| `forms` | of these: another type, shape or dtype |
| `neighbours` | of these: one sequence of a batch saw another |
| `relations` | of these: how wrong values are related to the right ones |
| `where` | of these: at which inputs or places they are wrong |
| `reshaped` | of these: the same numbers in another shape, or before a mean |
| `along` | of these: a factor or summand of its own for each row or head |
| `changes` | changes that can be made to any value: a sign, an order, a sum along an axis |
| `altered` | a right answer, altered in one place at a time |
| `mistaken` | which operators and functions are easily taken for one another |
| `slips` | a right answer with one slip in its code |
| `cause` | find the altered right answer that does just what a wrong answer does |
| `mistakes` | `Mistake`, a mistake known by name, and how an answer is recognised as one |
| `exercise` | `Exercise`, which puts these together: check, hint, solution |
| `pages` | collect the exercises of a lesson from its files |
| `statistics` | the t table, and half of a confidence interval |
| `turns` | work that goes on between a notebook's cells |
| `views` | let go of the widgets of a cell that runs again |
| `widget` | `Widget`, the base of every widget, and its still picture |
| `worker` | `Worker`, the base of the widgets whose work goes on between the cells |
| `quiz` | `Quiz`: questions whose answers say why |
"""
