package check

import (
	"fmt"
	"slices"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

var (
	certificatesDiffer = kind{"certificates-differ", Warning, "One protocol's certificate verifies and the other's does not",
		"give every protocol of the host the same certificate: people whose client complains learn to click it away", "8314 4.4"}
	protocolsDiffer = kind{"protocols-differ", Notice, "IMAP and POP3 are not protected alike",
		"set both alike: whoever is after the mailbox takes the weaker door", "8314 4.1"}
	retrSetsSeen = kind{"retr-sets-seen", Info, `Downloading over POP3 marks the message \Seen for IMAP`,
		"this is the server's choice, no protocol asks for it; other devices show the mail as read", "9051 2.3.2"}
	retrLeavesUnseen = kind{"retr-leaves-unseen", Info, `Downloading over POP3 leaves \Seen as it is`,
		"this is the server's choice; other devices show the mail as unread until somebody reads it there", "9051 2.3.2"}
	sameInbox = kind{"same-inbox", Info, "IMAP's INBOX and POP3's maildrop are the same mail",
		"nothing has to be done", "1939 4"}
	otherInbox = kind{"other-inbox", Warning, "A message in IMAP's INBOX does not show over POP3",
		"check that both endpoints and users are those of one mailbox; some servers hide mail from POP3 by a setting", "1939 4"}
	leftBehind = kind{"test-message-left", Warning, "The message of this check may still be in INBOX",
		"look for the subject \"imapop check\" and remove it", "9051 6.4.9"}
	testFailed = kind{"test-message-failed", Warning, "The check with a message did not come to its end",
		"see the reason, and check again", "9051 6.3.12"}
)

// differences compares IMAP and POP3 where a person would expect them alike.
func (s *sights) differences(f Facts) {
	if f.IMAP == nil || f.POP3 == nil || len(f.IMAP.Doors) == 0 || len(f.POP3.Doors) == 0 {
		return
	}
	i, p := f.IMAP.own(), f.POP3.own()
	if i.TLS != nil && p.TLS != nil && i.TLS.Verified != p.TLS.Verified && !i.TLS.Pinned && !p.TLS.Pinned {
		good, bad := i, p
		if p.TLS.Verified {
			good, bad = p, i
		}
		s.add(sight{kind: certificatesDiffer, side: bad.Protocol,
			saw: fmt.Sprintf("%s verifies, %s does not", place(good), place(bad))})
	}
	s.differ(plainSeen(f.IMAP) && plainSeen(f.POP3), takesPasswords(f.IMAP), takesPasswords(f.POP3), "takes passwords before TLS")
	s.differ(i.After != nil && p.After != nil, strongInside(f.IMAP), strongInside(f.POP3), "offers mechanisms that keep the password from the server")
	s.differ(i.Open() && p.Open() && f.IMAP.certificatesFine() && f.POP3.certificatesFine(),
		f.IMAP.usable(account.TLS), f.POP3.usable(account.TLS), "offers implicit TLS")
}

// differ notes what one side does and the other does not, where both were seen.
func (s *sights) differ(seen, imap, pop3 bool, what string) {
	switch {
	case !seen || imap == pop3:
	case imap:
		s.add(sight{kind: protocolsDiffer, saw: fmt.Sprintf("IMAP %s, POP3 does not", what)})
	default:
		s.add(sight{kind: protocolsDiffer, saw: fmt.Sprintf("POP3 %s, IMAP does not", what)})
	}
}

// certificatesFine reports that no certificate is to blame for a door that is shut.
func (s *Side) certificatesFine() bool {
	return !slices.ContainsFunc(s.Doors, func(d retrieval.Door) bool { return d.TLS != nil && !d.TLS.Verified && !d.TLS.Pinned })
}

func takesPasswords(s *Side) bool {
	return slices.ContainsFunc(s.Doors, func(d retrieval.Door) bool {
		if d.Before == nil {
			return false
		}
		clear, _ := taken(&d)
		return len(clear) > 0
	})
}

func plainSeen(s *Side) bool {
	return slices.ContainsFunc(s.Doors, func(d retrieval.Door) bool { return d.Before != nil })
}

func strongInside(s *Side) bool {
	return slices.ContainsFunc(s.Doors, func(d retrieval.Door) bool {
		return d.After != nil && slices.ContainsFunc(d.After.Mechanisms, func(m string) bool {
			return strings.HasPrefix(m, "SCRAM-") || slices.Contains(bearers, m) || m == "GSSAPI" || m == "EXTERNAL"
		})
	})
}

// message judges what the message of our own showed.
func (s *sights) message(f Facts) {
	t := f.Message
	if t == nil {
		return
	}
	if t.Problem != "" {
		s.add(sight{kind: testFailed, saw: t.Problem})
	}
	if t.Stored && !t.Removed {
		s.add(sight{kind: leftBehind, side: retrieval.IMAP, saw: "it was stored, and not seen removed"})
	}
	switch {
	case t.Found:
		s.add(sight{kind: sameInbox, saw: "a message stored over IMAP showed over POP3"})
	case t.Stored && t.Problem == "":
		s.add(sight{kind: otherInbox, side: retrieval.POP3, saw: "a message stored over IMAP did not show over POP3, at a login after that"})
	}
	if t.SeenQUIT == nil {
		return
	}
	switch {
	case t.SeenRETR != nil && *t.SeenRETR:
		s.add(sight{kind: retrSetsSeen, side: retrieval.POP3, saw: `\Seen was there after RETR, before QUIT`})
	case *t.SeenQUIT:
		s.add(sight{kind: retrSetsSeen, side: retrieval.POP3, saw: `\Seen was there after QUIT, not before`})
	default:
		s.add(sight{kind: retrLeavesUnseen, side: retrieval.POP3, saw: `no \Seen after RETR and QUIT`})
	}
}

// advice is the part of the baseline that no connection can confirm.
func advice() []Finding {
	var out []Finding
	for _, k := range []kind{
		{"advice-service-accounts", Info, "Programs have accounts of their own",
			"give every service its own account, with no more rights than it needs: then one can be shut without the others", "6409 3.3"},
		{"advice-rotate-credentials", Info, "Credentials are changed from time to time",
			"change passwords and tokens when people or machines leave, and after every doubt; app passwords and tokens can be changed one by one", "8314 5"},
		{"advice-watch-logins", Info, "Failed logins are watched",
			"let the server's log be read for failed logins, and let it slow down who guesses; imapop remembers those of this device", "5530 3"},
	} {
		f := merge([]sight{{kind: k, level: k.level, saw: "not visible on the wire: only you can tell"}})
		f.OnTheWire = false
		out = append(out, f)
	}
	return out
}
