# The desk's rules, in our own words: one sentence each, to stand behind "because".

M1 = The desk investigates in a staging or test environment, and asks for access to that one only.
M3 = The desk asks for a strong password, made by a generator.
M4 = The account is always deleted when the work is finished.
M5 = The desk wants no access to a live shop unless one of its integration specialists was consulted and approved it.
M6 = When live access is asked for all the same, a backup is made beforehand.
M7 = The desk is not responsible for mistakes made in a live environment.
M8 = The desk connects by SFTP or SSH only; it no longer supports FTP, for security.
M9 = The desk connects to port 22.
M10 = Work that cannot be reproduced in a standard test environment is a project with a defined period; no solution is guaranteed.
M11 = The period of such a project is typically two to five weeks.
