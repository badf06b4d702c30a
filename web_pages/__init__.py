"""What pages for people are made of: frame, style, login and its guard; the same for every service.

`Site` renders pages, `PageRoute` guards their routes, `Logins` keeps who is logged in.
"""
