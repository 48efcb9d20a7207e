"""Writes docs/benchmarks.md and docs/benchmarks.svg from what `benches/run` measured."""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

matplotlib.rcParams.update({"svg.hashsalt": "stagepass", "svg.fonttype": "none", "font.size": 9})

# Against one `ssh`: the admin's part, and with the proof; and how many times faster than Ansible's defaults.
LIMITS = {"grant": (1.1, 1.6, 20), "revoke": (1.2, 1.5, 10)}
WALL_LIMIT, MEMORY_LIMIT, CPU_LIMIT, VERIFY_LIMIT = 0.050, 64, 0.005, 5
SWEEP_LIMIT = 0.4
BYTES_LIMIT = {"grant": 60_000, "close": 40_000, "one more": 8_000}
LINE_LIMIT = 2.5
SHOP_LIMIT = 1.3
PROGRAM_LIMIT = 12e6
# Of a user in a shop: against the shop's own boot with one hash, and against `wp user create` and `wp user delete`.
BOOT_LIMIT, WP_CLI_LIMIT = 1.2, 0.9


def column(rounds, verb, name):
    return [each[verb][name] for each in rounds if name in each[verb]]


def ratios(rounds, verb, name, base):
    """Round by round: what was measured side by side is compared, whatever the machine did else."""
    return [
        each[verb][name] / each[verb][base]
        for each in rounds
        if name in each[verb] and base in each[verb]
    ]


def spread(values, factor, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return [f"{value * factor:.{digits}f}" for value in (low, middle, high)]


def ms(values):
    return spread(values, 1000, 0)


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(header, rows):
    return [row(*header), row("---", *["---:"] * (len(header) - 1)), *rows, ""]


def verdict(value, limit, holds):
    return f"{'**met**' if holds else '**missed**'} ({value} against {limit})"


# ---- one account --------------------------------------------------------------------------------

LABELS = {
    "stagepass": "stagepass, the admin's part",
    "ssh": "one `ssh` command",
    "stagepass, proved": "stagepass, whole, with the proof",
    "ansible": "Ansible, its defaults",
    "ansible, tuned": "Ansible, tuned",
}


def account(rounds, verb):
    rows = []
    for name, label in LABELS.items():
        values = column(rounds, verb, name)
        if values:
            against = ratios(rounds, verb, name, "ssh")
            paired = "1" if name == "ssh" else " / ".join(spread(against, 1, 2))
            rows.append(row(label, len(values), *ms(values), paired))
    header = ["", "runs", "min ms", "median ms", "max ms", "ratio to `ssh`: min / median / max"]
    lines = table(header, rows)
    limit, proved_limit, ansible_limit = LIMITS[verb]
    for name, what, most in [
        ("stagepass", "the admin's part", limit),
        ("stagepass, proved", "with the proof", proved_limit),
    ]:
        against = ratios(rounds, verb, name, "ssh")
        if against:
            ratio = statistics.median(against)
            lines.append(
                f"- At most {most} times one `ssh` command, {what}: "
                f"{verdict(f'{ratio:.2f}', most, ratio <= most)}."
            )
    for name, whose in [("ansible", "its defaults"), ("ansible, tuned", "tuned")]:
        faster = ratios(rounds, verb, name, "stagepass")
        whole = ratios(rounds, verb, name, "stagepass, proved")
        if faster and whole:
            times, proved = statistics.median(faster), statistics.median(whole)
            if name == "ansible":
                text = verdict(f"{times:.1f}", ansible_limit, times >= ansible_limit)
                lines.append(
                    f"- At least {ansible_limit} times faster than Ansible, {whose}: {text}; "
                    f"{proved:.1f} times with the proof."
                )
            else:
                lines.append(
                    f"- {times:.1f} times faster than Ansible, {whose}; {proved:.1f} with the proof."
                )
    lines.append("")
    return lines


def steps(rounds, verb):
    """Where the time goes: the median of how long each step of stagepass took."""
    took = {}
    for each in rounds:
        marks = sorted(each[verb]["steps"].items(), key=lambda mark: mark[1])
        before, name = 0.0, "starting, and reading the ledger"
        for step, at in marks:
            step = "connecting" if step.startswith("connecting to ") else step
            took.setdefault(name, []).append(at - before)
            before, name = at, step
    parts = [f"{name} {statistics.median(values) * 1000:.0f}" for name, values in took.items()]
    return [f"Steps of stagepass, median ms: {' · '.join(parts)}.", ""]


# ---- what a promise costs -----------------------------------------------------------------------

PROMISES = {
    "gate-and-failsafe": "the gate asks at each login whether it is time, and the server ends access by itself",
    "comparison": "what was there is listed, and compared at the end",
    "files-elsewhere": "files of the account outside its home are looked for",
    "power-cut": "what is said is on the disk",
    "full-disk": "room is kept for the end on a full disk",
    "kernels-word": "what runs is ended until the kernel knows of nothing",
}


def promises(found, accounts):
    """Each against the provider as it is, of the same round."""
    rounds = found["rounds"]

    def median(verb, name):
        return statistics.median(column(rounds, verb, name))

    def less(verb, name):
        return statistics.median(
            each[verb]["nothing"] - each[verb][name] for each in rounds if name in each[verb]
        )

    def against(verb, bench, name):
        """What the admin's part would be to one `ssh` without it."""
        if not accounts:
            return ""
        ours, theirs = (statistics.median(column(accounts, bench, who)) for who in ("stagepass", "ssh"))
        with_it = statistics.median(ratios(accounts, bench, "stagepass", "ssh"))
        return f"; {with_it:.2f} / {with_it * (ours - less(verb, name)) / ours:.2f}" if theirs else ""

    header = ["", "grant: ms; ratio to `ssh` with / without", "close: ms; ratio to `ssh` with / without"]
    rows = []
    for name, label in PROMISES.items():
        cells = [
            f"{less(verb, name) * 1000:.0f}{against(verb, bench, name)}"
            for verb, bench in (("open", "grant"), ("close", "revoke"))
        ]
        rows.append(row(label, *cells))
    if accounts:
        cells = []
        for bench in ("grant", "revoke"):
            proof = statistics.median(
                each[bench]["stagepass, proved"] - each[bench]["stagepass"]
                for each in accounts
                if "stagepass, proved" in each[bench]
            )
            whole = statistics.median(ratios(accounts, bench, "stagepass, proved", "ssh"))
            part = statistics.median(ratios(accounts, bench, "stagepass", "ssh"))
            cells.append(f"{proof * 1000:.0f}; {whole:.2f} / {part:.2f}")
        rows.append(row("the proof: a login that works, and at the end one that is refused", *cells))
    return [
        "## What a promise costs",
        "",
        "The scripts of `open` and `close` run on the server alone, as they are and with what keeps one promise left out, in "
        f"turn, {len(rounds)} rounds: the median of how much less that takes, and what the ratio of the admin's part to one "
        "`ssh` would be without it. The account reaches no shop folder here; what a large one costs stands below. Some parts go "
        "on beside each other, so that the lines do not add up. "
        f"As it is, `open` takes {median('open', 'nothing') * 1000:.0f} ms there and `close` {median('close', 'nothing') * 1000:.0f}.",
        "",
        *table(header, rows),
    ]


# ---- a large ledger -----------------------------------------------------------------------------


def ledger(found):
    counts, runs = found["counts"], found["runs"]
    total = sum(counts.values())
    rows, notes = [], []
    for name, values in runs.items():
        wall = [each["wall"] for each in values]
        cpu = [each["cpu"] for each in values]
        memory = max(each["memory"] for each in values)
        rows.append(
            row(
                f"`stagepass {name}`",
                len(values),
                " / ".join(spread(wall, 1000, 1)),
                " / ".join(spread(cpu, 1000, 1)),
                f"{memory:.0f}",
            )
        )
        middle = statistics.median(wall)
        if name == "--version":
            processor = statistics.median(cpu)
            text = verdict(f"{processor * 1000:.1f} ms", "5 ms", processor < CPU_LIMIT)
            notes.append(f"- `--version` under 5 ms of processor: {text}.")
        else:
            quick = verdict(f"{middle * 1000:.1f} ms", "50 ms", middle < WALL_LIMIT)
            small = verdict(f"{memory:.0f} MiB", "64 MiB", memory < MEMORY_LIMIT)
            notes.append(f"- `{name}` under 50 ms: {quick}; under 64 MiB: {small}.")
    took = found["verify"]
    verified = verdict(f"{took:.1f} s", f"{VERIFY_LIMIT} s", took <= VERIFY_LIMIT)
    header = ["", "runs", "wall ms: min / median / max", "CPU ms: min / median / max", "peak MiB"]
    return [
        "## A large ledger",
        "",
        f"An SQLite ledger with {total:,} grants ({counts['open']} of them open, none due, the rest "
        f"closed), {found['events']:,} events, {found['bytes'] / 2**20:.0f} MiB. The chain is "
        "whole: `ledger verify` accepted it in "
        f"{found['verify']:.1f} s before anything was measured. The file is in the page cache, as "
        "it is for a sweep that cron runs every few minutes.",
        "",
        *table(header, rows),
        f"- `ledger verify` in at most {VERIFY_LIMIT} s: {verified}.",
        *notes,
        "",
        f"Peak memory is the kernel's `ru_maxrss`; it cannot show less than the "
        f"{found['memory_floor']:.0f} MiB of the program that measures.",
        "",
    ]


# ---- a merchant's line --------------------------------------------------------------------------


def middle(rounds, way, verb, what=None):
    values = [each[way][verb] for each in rounds]
    return statistics.median(value[what] if what else value for value in values)


def paired(rounds, verb, what=None):
    """The median of stagepass against `ssh`, round by round."""

    def of(each, way):
        return each[way][verb][what] if what else each[way][verb]

    return statistics.median(of(each, "stagepass") / of(each, "ssh") for each in rounds)


def line(found):
    rounds = found["rounds"]
    rows = []
    for way, verb, label in [
        ("ssh", "grant", "one `ssh` command, grant"),
        ("stagepass", "grant", "`stagepass grant`, with the proof"),
        ("ssh", "close", "one `ssh` command, `userdel -r`"),
        ("stagepass", "close", "`stagepass revoke` of one, with the proof"),
        ("stagepass", "close two", "`stagepass revoke` of two"),
    ]:
        seconds = middle(rounds, way, verb, "s")
        sent = middle(rounds, way, verb, "bytes")
        rows.append(row(label, len(rounds), f"{seconds:.2f}", f"{sent / 1000:.1f}"))
    more = statistics.median(
        each["stagepass"]["close two"]["bytes"] - each["stagepass"]["close"]["bytes"]
        for each in rounds
    )
    sent = {
        "grant": middle(rounds, "stagepass", "grant", "bytes"),
        "close": middle(rounds, "stagepass", "close", "bytes"),
        "one more": more,
    }
    says = {"grant": "a grant", "close": "a close", "one more": "one more grant closed with it"}
    notes = []
    for name, most in BYTES_LIMIT.items():
        text = verdict(f"{sent[name] / 1000:.1f} kB", f"{most // 1000} kB", sent[name] <= most)
        notes.append(f"- Sent for {says[name]}, handshakes included: {text}.")
    for verb in ("grant", "close"):
        ratio = paired(rounds, verb, "s")
        text = verdict(f"{ratio:.2f}", LINE_LIMIT, ratio <= LINE_LIMIT)
        notes.append(f"- {verb.capitalize()}, at most {LINE_LIMIT} times one `ssh`: {text}.")
    return [
        "## A merchant's line",
        "",
        f"A proxy on loopback that takes {found['delay'] * 2000:.0f} ms there and back and lets "
        f"{found['up'] * 8 / 1e6:.0f} Mbit/s up.",
        "",
        *table(["", "runs", "median s", "kB sent"], rows),
        *notes,
        "",
    ]


# ---- two layers ---------------------------------------------------------------------------------


def two_layers(found):
    rounds = found["rounds"]
    rows = []
    for verb, label in [("grant", "grant"), ("close", "revoke")]:
        one, two = (middle(rounds, way, verb) * 1000 for way in ("one", "two"))
        ratio = statistics.median(each["two"][verb] / each["one"][verb] for each in rounds)
        rows.append(row(label, len(rounds), f"{one:.0f}", f"{two:.0f}", f"{ratio:.2f}"))
    return [
        "## Two layers",
        "",
        "`--with server`, and `--with server,web-password`: the second also makes a user in the password file in front "
        "of the shop (Apache, HTTP Basic Authentication), over the same connection, with a failsafe and a proof of its own: "
        "requests without and with the password. The host is booted, with systemd.",
        "",
        *table(["", "runs", "one layer, median ms", "two layers, median ms", "ratio, median"], rows),
    ]


# ---- a user in a shop ---------------------------------------------------------------------------


def user(found):
    lines = [
        "## A user in a shop",
        "",
        "`open` and `close` of `wordpress` run on the server alone, against PHP that loads the same shop as who owns it and "
        "makes one hash by the shop's own function, and against WP-CLI's `user create` and `user delete`. stagepass also "
        "records, writes the failsafe and the file that ends the access in the shop, and at the end compares what lets "
        "somebody in with what there was, and reads the rows again. Nothing of the shop is loaded for it here: `open` is "
        "told what `detect` saw, which loads it and is not part of this.",
        "",
    ]
    if "why" in found:
        return [*lines, f"Not measured: {found['why']}.", ""]
    rounds = found["rounds"]
    lines += [f"WordPress {found['version']} without WooCommerce, PHP {found['php']}, MariaDB, on one host.", ""]
    labels = {
        "open": "stagepass, `open`",
        "close": "stagepass, `close`",
        "platform": "the shop alone: boot and one hash",
        "create": "`wp user create`",
        "delete": "`wp user delete`",
    }
    rows = []
    for name, label in labels.items():
        values = [each[name] for each in rounds if name in each]
        if values:
            against = [each[name] / each["platform"] for each in rounds]
            paired = "1" if name == "platform" else " / ".join(spread(against, 1, 2))
            rows.append(row(label, len(values), *ms(values), paired))
        else:
            rows.append(row(label, 0, "not measured", "", "", ""))
    header = ["", "runs", "min ms", "median ms", "max ms", "ratio to the shop alone: min / median / max"]
    lines += table(header, rows)
    for verb in ("open", "close"):
        ratio = statistics.median(each[verb] / each["platform"] for each in rounds)
        text = verdict(f"{ratio:.2f}", BOOT_LIMIT, ratio <= BOOT_LIMIT)
        lines.append(f"- `{verb}`, at most {BOOT_LIMIT} times the shop alone: {text}.")
    if found["wp"]:
        ratio = statistics.median(
            (each["open"] + each["close"]) / (each["create"] + each["delete"]) for each in rounds
        )
        text = verdict(f"{ratio:.2f}", WP_CLI_LIMIT, ratio <= WP_CLI_LIMIT)
        lines.append(f"- Both, at most {WP_CLI_LIMIT} times what WP-CLI {found['wp']} takes for both: {text}.")
    else:
        lines.append(
            f"- Both, at most {WP_CLI_LIMIT} times what WP-CLI takes for both: not measured (`STAGEPASS_WP_CLI` names "
            "its PHAR, or a folder with its sources)."
        )
    starts = found["starts"]
    most = max(starts["open"], starts["close"])
    text = verdict(f"`open` {starts['open']}, `close` {starts['close']}", 1, most <= 1)
    lines += [f"- PHP processes, at most one a verb: {text}. [WordPress](wordpress.md#how-it-is-done) says when there are more.", ""]
    return lines


# ---- a large shop -------------------------------------------------------------------------------


def shop(found):
    rounds = found["rounds"]
    rows = []
    for way, verb, label in [
        ("ssh", "grant", "`ssh`: `setfacl -R -m`, `find`"),
        ("stagepass", "grant", "`stagepass grant`"),
        ("stagepass", "second grant", "a second one"),
        ("ssh", "close", "`ssh`: `setfacl -R -b`, `find`"),
        ("stagepass", "close", "`stagepass revoke` of one"),
        ("stagepass", "close two", "`stagepass revoke` of two"),
        ("stagepass", "close, all changed", "`stagepass revoke` of one, every file changed"),
    ]:
        rows.append(row(label, len(rounds), f"{middle(rounds, way, verb):.2f}"))
    notes = []
    for verb in ("grant", "close"):
        ratio = paired(rounds, verb)
        text = verdict(f"{ratio:.2f}", SHOP_LIMIT, ratio <= SHOP_LIMIT)
        notes.append(f"- {verb.capitalize()} of one, at most {SHOP_LIMIT} times that: {text}.")
    two = statistics.median(
        each["stagepass"]["close two"] / each["stagepass"]["close"] for each in rounds
    )
    notes.append(
        f"- Closing two takes {two:.2f} times what closing one takes. The second was given its entries while the"
        " first was open, which gave every file a new inode time: so what can be obeyed is read then, and once more"
        " at the end, to see that no content was changed and given its old time back. The time of the second grant"
        " has the first of these in it."
    )
    memory = max(one["memory"] for one in rounds)
    notes.append(f"- Memory of the client where every file changed: {memory:.0f} MiB at most (asked: 64).")
    return [
        f"## A shop of {found['files']:,} files",
        "",
        "Against the least that the server has to do: giving or taking the entries (`setfacl -R`) and "
        "reading what is there once (`find -printf`). stagepass makes an account, records what is "
        "there, tries the access, and at the end compares, takes its entries away and proves it.",
        "",
        *table(["", "runs", "median s"], rows),
        *notes,
        "",
    ]


# ---- a sweep ------------------------------------------------------------------------------------


def sweep(found):
    rounds = [{"sweep": each} for each in found["rounds"]]
    grants = found["each"] * found["hosts"]
    labels = {
        "stagepass": "`stagepass sweep`",
        "ssh": "one `ssh` a grant",
        "ssh, one a host": "one `ssh` a host",
    }
    rows = []
    for name, label in labels.items():
        values = column(rounds, "sweep", name)
        against = ratios(rounds, "sweep", name, "ssh")
        each = statistics.median(values) / grants * 1000
        paired = "1" if name == "ssh" else " / ".join(spread(against, 1, 2))
        rows.append(row(label, len(values), *spread(values, 1, 1), f"{each:.0f}", paired))
    ratio = statistics.median(ratios(rounds, "sweep", "stagepass", "ssh"))
    header = ["", "runs", "min s", "median s", "max s", "ms a grant", "ratio: min / median / max"]
    return [
        f"## A sweep of {grants} due grants on {found['hosts']} hosts",
        "",
        f"Against a loop that runs nothing but `userdel -r ACCOUNT`, for one account after the other "
        f"on each host, {found['parallel']} hosts at a time, as `sweep` does. `userdel` alone leaves "
        "running sessions, crontabs, `at` jobs and files elsewhere, reads nothing back and records "
        "nothing; `sweep` does all of that, over one connection a host, with two durable records "
        "a grant. The last line is what a script by hand would come to with one connection a host.",
        "",
        *table(header, rows),
        f"- At most {SWEEP_LIMIT} times one `ssh` a grant: "
        f"{verdict(f'{ratio:.2f}', SWEEP_LIMIT, ratio <= SWEEP_LIMIT)}.",
        "",
    ]


# ---- all of it ----------------------------------------------------------------------------------


def plot(found, path):
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), gridspec_kw={"width_ratios": [3, 3, 2]})
    if "accounts" in found:
        names = [name for name in LABELS if not name.startswith("ansible")]
        for axis, verb in zip(axes, ["grant", "revoke"]):
            values = [column(found["accounts"], verb, name) for name in names]
            shown = [(name, v) for name, v in zip(names, values) if v]
            axis.boxplot(
                [[each * 1000 for each in v] for _, v in shown], whis=(0, 100), widths=0.5
            )
            axis.set_xticklabels(
                [LABELS[name].replace("`", "").replace(", ", ",\n") for name, _ in shown]
            )
            slow = column(found["accounts"], verb, "ansible")
            with_ansible = f"; Ansible {statistics.median(slow):.1f} s" if slow else ""
            axis.set_title(f"{verb} of one account{with_ansible}", fontsize=9)
            axis.set_ylabel("ms")
            axis.set_ylim(bottom=0)
    if "sweep" in found:
        names = ["stagepass", "ssh", "ssh, one a host"]
        values = [[each[name] for each in found["sweep"]["rounds"]] for name in names]
        axes[2].boxplot(values, whis=(0, 100), widths=0.5)
        axes[2].set_xticklabels(["stagepass\nsweep", "ssh\na grant", "ssh\na host"])
        grants = found["sweep"]["each"] * found["sweep"]["hosts"]
        axes[2].set_title(f"{grants} due grants, {found['sweep']['hosts']} hosts", fontsize=9)
        axes[2].set_ylabel("s")
        axes[2].set_ylim(bottom=0)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": "benches/report.py"})


def document(found):
    about = found["about"]
    size, most = f"{about['bytes'] / 1e6:.1f} MB", f"{PROGRAM_LIMIT / 1e6:.0f} MB"
    program = verdict(size, most, about["bytes"] <= PROGRAM_LIMIT)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; not to be edited. What counts is the ratios: everything that is "
        "compared was measured in one run, in turn, in another order each round, and each ratio is "
        "of two times of the same round. The milliseconds are those of the machine it ran on.",
        "",
        f"- {about['date']}, {about['stagepass']} (release build), {about['system']}, Linux "
        f"{about['kernel']}, {about['processors']} × {about['processor']}; load "
        f"{about['load']} before and {about.get('load after', '?')} after, nice {about['nice']}",
        f"- client: {about['client']}, `-o KexAlgorithms=curve25519-sha256 -o ControlMaster=no`",
        f"- servers: throw-away Debian hosts on loopback, {about['server']}; their disks are in "
        "memory, the ledger is on a disk and waits for it. Neither cron nor systemd runs there: what is due waits for "
        "the sweep, and what starts the failsafe of a grant is not measured",
        f"- {about['ansible']}: its defaults, and tuned (pipelining, facts not gathered, the "
        "interpreter named); each run makes its own connection, as the others do",
        "",
        f"- the program, at most {PROGRAM_LIMIT / 1e6:.0f} MB: {program}",
        "",
        "![the same, as a plot](benchmarks.svg)",
        "",
    ]
    if "accounts" in found:
        rounds = found["accounts"]
        lines += [
            "## Grant of an account with a key",
            "",
            "`ssh`: one command that runs `useradd -m -e … -p '*'`, `mkdir`, the key line, `chmod` "
            "and `chown`. stagepass: the process from its start until everything is made, with the "
            "look at the server, policy and the committed record before it; then the proof: the "
            "supporter's key offered, a real login over a second connection, the verification key "
            "taken away, and the record of it. Where one ends and the other begins is said by the "
            "program itself (`--timings`) and clocked by who reads it. Ansible: the modules `user`, "
            "`file` and `copy`.",
            "",
            *account(rounds, "grant"),
            *steps(rounds, "grant"),
            "## Revoke",
            "",
            "`ssh`: one command, `userdel -r`. stagepass: locked first, processes, crontab and `at` "
            "jobs ended, files elsewhere looked for, the account deleted, everything re-read; then "
            "the proof: a login that must be refused. Ansible: `user` with `state: absent` and "
            "`remove: true`.",
            "",
            *account(rounds, "revoke"),
            *steps(rounds, "revoke"),
        ]
    if "layers" in found:
        lines += two_layers(found["layers"])
    if "user" in found:
        lines += user(found["user"])
    if "promises" in found:
        lines += promises(found["promises"], found.get("accounts"))
    if "line" in found:
        lines += line(found["line"])
    if "shop" in found:
        lines += shop(found["shop"])
    if "ledger" in found:
        lines += ledger(found["ledger"])
    if "sweep" in found:
        lines += sweep(found["sweep"])
    return "\n".join(lines).rstrip() + "\n"


def main():
    found = json.loads(pathlib.Path(sys.argv[1]).read_text())
    docs = pathlib.Path(sys.argv[2])
    plot(found, docs / "benchmarks.svg")
    (docs / "benchmarks.md").write_text(document(found))


main()
