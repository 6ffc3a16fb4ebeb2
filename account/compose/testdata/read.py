"""Reads a message with Python's email package and prints what it found as JSON."""
import email, email.policy, hashlib, json, sys

octets = sys.stdin.buffer.read()
assert b"\r\n" in octets and not octets.replace(b"\r\n", b"").count(b"\n"), "a bare LF"
# Python reads header fields of RFC 6532 from text only.
text = octets.decode("utf-8", "surrogateescape")
m = email.message_from_string(text, policy=email.policy.SMTPUTF8)


def unflowed(s):
    """RFC 3676 section 4: quote depth, stuffing, soft breaks."""
    out, open_depth = [], None
    for line in s.splitlines():
        depth = len(line) - len(line.lstrip(">"))
        line = line[depth:]
        if line.startswith(" "):
            line = line[1:]
        soft = line.endswith(" ") and line != "-- "
        if open_depth == depth:
            out[-1] += line
        else:
            out.append(("> " if depth == 1 else ">" * depth + " " if depth else "") + line)
        open_depth = depth if soft else None
    return "\n".join(out)


def people(name):
    f = m[name]
    return [[a.display_name, a.addr_spec] for a in f.addresses] if f else []


body, files = None, []
for part in m.walk():
    if part.get_content_maintype() == "multipart":
        continue
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        files.append([part.get_filename(), "message/rfc822", inner["Subject"]])
    elif part.is_attachment():
        files.append([part.get_filename(), part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest()])
    elif body is None and not files:
        assert part.get_param("format") == "flowed"
        body = unflowed(part.get_payload(decode=True).decode(part.get_content_charset()))

json.dump({
    "from": people("From"), "to": people("To"), "cc": people("Cc"), "bcc": people("Bcc"), "reply_to": people("Reply-To"),
    "subject": m["Subject"], "id": m["Message-ID"], "in_reply_to": m["In-Reply-To"], "references": (m["References"] or "").split(),
    "date": m["Date"].datetime.isoformat(), "mime": m["MIME-Version"], "text": body, "files": files,
    "defects": [repr(d) for p in m.walk() for d in p.defects] + [repr(d) for v in m.values() for d in getattr(v, "defects", [])],
}, sys.stdout)
