"""Ansible as a contestant: the same account with the modules `user`, `file` and `copy`."""

import json

from world import BENCH, Run

GRANT = [
    {
        "ansible.builtin.user": {
            "name": "{{ account }}",
            "comment": "{{ comment }}",
            "shell": "/usr/sbin/nologin",
            "password": "*",
            "expires": "{{ expires }}",
        }
    },
    {
        "ansible.builtin.file": {
            "path": "/home/{{ account }}/.ssh",
            "state": "directory",
            "owner": "{{ account }}",
            "group": "{{ account }}",
            "mode": "0700",
        }
    },
    {
        "ansible.builtin.copy": {
            "content": "{{ key_line }}\n",
            "dest": "/home/{{ account }}/.ssh/authorized_keys",
            "owner": "{{ account }}",
            "group": "{{ account }}",
            "mode": "0600",
        }
    },
]
REVOKE = [{"ansible.builtin.user": {"name": "{{ account }}", "state": "absent", "remove": True}}]


class Ansible:
    """Runs playbooks with Ansible's default settings, or tuned: with pipelining, facts not
    gathered, and the interpreter named instead of looked for."""

    def __init__(self, world, tuned):
        self.world = world
        self.tuned = tuned
        self.folder = world.home / ("ansible-tuned" if tuned else "ansible")
        self.folder.mkdir()
        (self.folder / "ansible.cfg").write_text(
            f"[ssh_connection]\npipelining = {tuned}\ncontrol_path_dir = {self.folder / 'cp'}\n"
        )
        for name, tasks in [("grant", GRANT), ("revoke", REVOKE)]:
            play = {"hosts": "all", "tasks": tasks}
            if tuned:
                play["gather_facts"] = False
            (self.folder / f"{name}.json").write_text(json.dumps([play]))

    def play(self, name, book, **variables):
        host = self.world.hosts[name]
        known = self.world.home / "known_hosts"
        variables |= {
            "ansible_host": host["address"],
            "ansible_port": host["port"],
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.world.key),
            "ansible_ssh_common_args": "-F none -o IdentitiesOnly=yes"
            f" -o KexAlgorithms=curve25519-sha256 -o UserKnownHostsFile={known}",
        }
        if self.tuned:
            variables["ansible_python_interpreter"] = "/usr/bin/python3"
        env = {**self.world.env, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg")}
        run = Run(
            [
                *[str(BENCH / "venv/bin/ansible-playbook"), "-i", f"{name},"],
                *["-e", json.dumps(variables), str(self.folder / f"{book}.json")],
            ],
            env,
        )
        self._let_go()
        return run.wall

    def _let_go(self):
        """Ends the connection that Ansible keeps for a minute: the next run starts like the first."""
        for socket in (self.folder / "cp").glob("*"):
            command = ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            Run(command, self.world.env)
