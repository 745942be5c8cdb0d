"""What the contract needs to know of each kind of channel, one module a kind: a new kind adds its file here.

SAME holds pairs that write one place in two ways, OTHER pairs that look alike and are two places, NONSENSE what is
no place, SECRET addresses each with the parts that nobody may be shown. AWAY is an address where nothing answers,
and SETTINGS what makes its channel ask there.
"""
