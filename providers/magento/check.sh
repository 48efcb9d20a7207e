# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Check.

sp_site_say_state() { sp_user_say_rows present foreign marked enabled address_matches end_matches role role_matches sessions keys reread; }
