"""The page that a data protection officer reads and signs before a generator leaves a centre."""
