# Lists the parts of the messages in a directory as Python's email package finds
# them: type, file name, and length and SHA-256 of the decoded octets.
import email, email.header, email.policy, hashlib, json, os, sys

def leaves(m):
    if m.is_multipart():
        for p in m.get_payload():
            yield from leaves(p)
        return
    try:
        octets = m.get_payload(decode=True) or b""
    except Exception as e:
        octets = str(e).encode()
    try:
        name = m.get_filename() or ""
    except Exception:
        name = ""
    if isinstance(name, str):
        name = "".join(t if isinstance(t, str) else t.decode(c or "ascii", "replace") for t, c in email.header.decode_header(name))
    yield {"type": m.get_content_type(), "name": name, "octets": len(octets), "sum": hashlib.sha256(octets).hexdigest()}

out = {}
for f in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], f), "rb") as b:
        out[f] = list(leaves(email.message_from_bytes(b.read(), policy=email.policy.compat32)))
json.dump(out, sys.stdout)
