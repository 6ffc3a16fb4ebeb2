package compare

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Differences says how the two sides differ here: view, identity, flags,
// folders, deletion, sizes, news and capabilities. The order is fixed.
func Differences(v *retrieval.View) []Difference {
	d := []Difference{
		viewDifference(v), identityDifference(v),
		{"flags", "kept on the server, the same for every client", "none: no command sets or shows one", retrieval.CauseProtocol, popNoFlags},
		folderDifference(v),
		{"delete", `\Deleted, then EXPUNGE; final for each message at once`, "DELE marks, QUIT deletes; a dropped connection keeps all", retrieval.CauseProtocol, popUpdate},
		newsDifference(v),
	}
	if n, example := sizeDifferences(v); n > 0 {
		d = append(d, Difference{"size", example, count(n, "message") + " with another size in LIST", retrieval.CausePolicy, popSizes})
	}
	if f, ok := hiddenDifference(v); ok {
		d = append(d, f)
	}
	d = append(d, Difference{"read", `BODY.PEEK leaves \Seen alone, BODY sets it`, `RETR: the server decides whether \Seen is set; TOP does not`, retrieval.CausePolicy, ruleFetch.in(v)})
	return append(d, capabilityDifferences(v)...)
}

func viewDifference(v *retrieval.View) Difference {
	imap := count(int(v.IMAP.Mailbox.Messages), "message") + ", live: changes are told as they happen"
	if v.IMAP.State == retrieval.IMAPClosed {
		imap = "no session"
	}
	pop := count(len(v.POP3.Drop.Entries), "message") + ", a list frozen at login"
	if v.POP3.State == retrieval.POP3Closed {
		pop = "no session"
	}
	return Difference{"view", imap, pop, retrieval.CauseProtocol, popDrop}
}

func identityDifference(v *retrieval.View) Difference {
	d := Difference{
		"identity", fmt.Sprintf("UID, for UIDVALIDITY %d", v.IMAP.Mailbox.UIDValidity),
		"unique-id; message numbers hold for one session", retrieval.CauseProtocol, popOptional,
	}
	switch {
	case v.POP3.State != retrieval.POP3Closed && !v.POP3.Drop.HasUIDL:
		d.POP3, d.Cause = "no unique-ids: nothing names a message from one session to the next", retrieval.CausePolicy
	case v.Pairing.Format != "":
		d.POP3, d.Cause = "unique-id, made here of "+v.Pairing.Format, retrieval.CausePolicy
	}
	return d
}

func folderDifference(v *retrieval.View) Difference {
	n, messages := 0, 0
	for _, f := range v.IMAP.Folders {
		if folderIsInbox(f.Name) {
			continue
		}
		n++
		messages += int(f.Messages)
	}
	pop := "one maildrop, INBOX"
	if messages > 0 {
		pop += fmt.Sprintf("; %s elsewhere cannot be seen", count(messages, "message"))
	}
	return Difference{"folders", "INBOX and " + count(n, "other folder"), pop, retrieval.CauseProtocol, popDrop}
}

func newsDifference(v *retrieval.View) Difference {
	d := Difference{"new mail", "NOOP asks; no IDLE here", "at the next login", retrieval.CauseProtocol, popDrop}
	if revised(v, "IDLE") {
		d.IMAP = "told through IDLE, as it comes"
	}
	return d
}

// sizeDifferences counts the pairs whose octets differ and shows the first.
func sizeDifferences(v *retrieval.View) (n int, example string) {
	for i := range v.Rows {
		r := &v.Rows[i]
		if r.Message == nil || r.Entry == nil || r.Message.Octets <= 0 || r.Message.Octets == r.Entry.Octets {
			continue
		}
		if n++; n == 1 {
			example = fmt.Sprintf("UID %d: %s octets, LIST says %s", r.UID, Thousands(r.Message.Octets), Thousands(r.Entry.Octets))
		}
	}
	return n, example
}

func hiddenDifference(v *retrieval.View) (Difference, bool) {
	n := 0
	for i := range v.Rows {
		if v.Rows[i].Hole == retrieval.HoleHidden {
			n++
		}
	}
	return Difference{"hidden", "lists them", count(n, "message") + " of INBOX not listed", retrieval.CausePolicy, ""}, n > 0
}

// capabilityDifferences names what only one side offers, as its server says.
func capabilityDifferences(v *retrieval.View) []Difference {
	var d []Difference
	if len(v.IMAP.Caps) > 0 && len(v.POP3.Caps) > 0 {
		d = append(d, Difference{"capabilities", list(v.IMAP.Caps, " "), list(v.POP3.Caps, ", "), retrieval.CausePolicy, "RFC 2449 section 5"})
	}
	for _, c := range v.POP3.Caps {
		name, arg, _ := strings.Cut(c, " ")
		switch strings.ToUpper(name) {
		case "EXPIRE":
			if !strings.EqualFold(arg, "NEVER") {
				d = append(d, Difference{"expiry", "no such promise", "the server may delete after " + safe.Line(arg) + " days", retrieval.CausePolicy, "RFC 2449 section 6.7"})
			}
		case "LOGIN-DELAY":
			if arg != "0" && arg != "" {
				d = append(d, Difference{"login delay", "none announced", safe.Line(arg) + " s between logins", retrieval.CausePolicy, "RFC 2449 section 6.5"})
			}
		}
	}
	return d
}

func list(words []string, sep string) string { return safe.Line(strings.Join(words, sep)) }
