//! Targets: a server and the shop on it, how we reach it, and the host key we pinned.
