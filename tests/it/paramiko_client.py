# A supporter with paramiko instead of OpenSSH. What to do comes on standard input as JSON.
import base64, json, sys
import paramiko

todo = json.load(sys.stdin)
client = paramiko.SSHClient()
kind, key = todo["host_key"].split()[:2]
known = paramiko.Ed25519Key(data=base64.b64decode(key))
port, address = todo["port"], todo["address"]
client.get_host_keys().add(address if port == 22 else f"[{address}]:{port}", kind, known)
try:
    client.connect(
        address, port=port, username=todo["account"], password=todo["password"],
        key_filename=todo["key"], allow_agent=False, look_for_keys=False,
        timeout=15, banner_timeout=15, auth_timeout=15,
    )
except paramiko.AuthenticationException as error:
    print(f"refused: {error}", file=sys.stderr)
    sys.exit(3)
verb, argument = todo["verb"], todo["argument"]
if verb == "exec":
    _, out, err = client.exec_command(argument, timeout=30)
    sys.stdout.write(out.read().decode())
    sys.stderr.write(err.read().decode())
    status = out.channel.recv_exit_status()
else:
    status = 0
    try:
        sftp = client.open_sftp()
        if verb == "list":
            print("\n".join(sorted(sftp.listdir(argument))))
        elif verb == "read":
            sys.stdout.write(sftp.open(argument).read().decode())
        elif verb == "write":
            with sftp.open(argument, "w") as file:
                file.write("written by a supporter\n")
    except OSError as error:
        print(f"sftp: {error}", file=sys.stderr)
        status = 1
client.close()
sys.exit(status)
