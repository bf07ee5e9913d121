"""What releases and their plans say: answers and intervals, groups, dates, tables, tests, and their charts."""
