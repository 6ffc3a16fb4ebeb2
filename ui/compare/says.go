package compare

import (
	"strings"

	"imapop/retrieval"
)

// silent is the key of commands that are left to the transcript's own screen.
const silent = "silent"

// verbOf gives a command's name, and IMAP's tag; "" for the rest of a command.
func verbOf(l *retrieval.Line) (verb, tag string) {
	f := strings.Fields(l.Text)
	if len(f) == 0 || strings.HasPrefix(f[0], "(") || strings.HasPrefix(f[0], "{") || strings.HasPrefix(f[0], "***") {
		return "", ""
	}
	if l.Side != retrieval.IMAP {
		return strings.ToUpper(f[0]), ""
	}
	if len(f) < 2 || !tagged(f[0]) {
		return "", ""
	}
	verb = strings.ToUpper(f[1])
	if verb == "UID" && len(f) > 2 {
		verb += " " + strings.ToUpper(f[2])
	}
	return verb, f[0]
}

// tagged reports whether a word is a tag as go-imap writes them: T42.
func tagged(s string) bool {
	digits := strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	return digits != "" && digits != s && strings.Trim(digits, "0123456789") == ""
}

// classOf says which runs a command belongs to, and how they are shown.
func classOf(l *retrieval.Line, verb string) (key string, kind runKind) {
	if l.Side == retrieval.SMTP {
		return "submission", command
	}
	switch verb {
	case "IDLE":
		return silent, routine
	case "CAPA", "CAPABILITY", "STLS", "STARTTLS", "AUTH", "AUTHENTICATE", "LOGIN", "USER", "PASS", "APOP", "ID", "ENABLE", "NAMESPACE", "STAT", "UTF8", "LANG":
		return opening, routine
	case "UIDL":
		return opening, routine
	case "LIST", "LSUB", "STATUS", "SEARCH", "UID SEARCH":
		if l.Side == retrieval.POP3 {
			return opening, routine
		}
		return listing, routine
	case "TOP":
		return listing, routine
	case "FETCH", "UID FETCH":
		if !strings.Contains(strings.ToUpper(l.Text), "BODY") {
			return listing, routine
		}
	case "RETR", "DELE":
		return "RETR, DELE", command // a download that deletes sends them by turns
	}
	return verb, command
}

// popSays files a line of a POP3 server, or of an SMTP one: an answer to the
// oldest open command, or a further line of one.
func (s *scribe) popSays(side *scribeSide, l *retrieval.Line) {
	ok, bad := strings.HasPrefix(l.Text, "+OK"), strings.HasPrefix(l.Text, "-ERR")
	if l.Side == retrieval.SMTP {
		bad = l.Text[0] == '4' || l.Text[0] == '5'
		ok = !bad && !(len(l.Text) > 3 && l.Text[3] == '-') && !strings.HasPrefix(l.Text, "354")
	}
	if !ok && !bad {
		s.further(side, l)
		return
	}
	at := -1
	if len(side.open) == 0 {
		at = s.command(side, l, "", opening, routine, 0) // the greeting
	} else {
		at, side.open = side.open[0].run, side.open[1:]
	}
	side.now = at
	if bad {
		s.extend(at, l)
		s.tell(side, l, "")
		return
	}
	s.answer(at, l)
}

// further files a line that answers nothing by itself: of a list or a body.
func (s *scribe) further(side *scribeSide, l *retrieval.Line) {
	if l.Side == retrieval.SMTP || strings.HasPrefix(l.Text, "+ ") {
		if len(side.open) > 0 {
			s.extend(side.open[0].run, l)
		}
		return
	}
	s.extend(side.now, l)
}

// imapSays files a line of an IMAP server.
func (s *scribe) imapSays(side *scribeSide, l *retrieval.Line) {
	f := strings.Fields(l.Text)
	switch {
	case len(f) == 0 || f[0] == "+":
	case f[0] == "*" && len(f) > 1:
		s.untagged(side, l, f)
	case tagged(f[0]) && len(f) > 1:
		s.tagged(side, l, f)
	default: // a literal
		s.extend(side.now, l)
	}
}

// tagged files the end of a command.
func (s *scribe) tagged(side *scribeSide, l *retrieval.Line, f []string) {
	for i, a := range side.open {
		if a.tag != f[0] {
			continue
		}
		side.open = append(side.open[:i], side.open[i+1:]...)
		if f[1] != "OK" {
			s.extend(a.run, l)
			s.tell(side, l, "")
			return
		}
		s.answer(a.run, l)
		return
	}
}

// untagged files what was asked for with its command, and the rest as news.
func (s *scribe) untagged(side *scribeSide, l *retrieval.Line, f []string) {
	word := strings.ToUpper(f[1])
	if len(f) > 2 && strings.Trim(f[1], "0123456789") == "" {
		word = strings.ToUpper(f[2])
	}
	at := -1
	switch word {
	case "RECENT":
		return
	case "EXPUNGE", "VANISHED", "NO", "BAD":
	case "EXISTS":
		at = side.answering("SELECT", "EXAMINE")
	case "FETCH":
		at = side.answering("FETCH", "UID FETCH")
	case "BYE":
		at = side.answering("LOGOUT")
	default:
		if at = side.latest(); at < 0 && word == "OK" && len(side.open) == 0 && side.asking >= 0 && s.run(side.asking) != nil && s.run(side.asking).key == opening {
			at = side.asking // the greeting
		}
		s.extend(at, l)
		return
	}
	if at < 0 {
		s.tell(side, l, word)
		return
	}
	side.now = at
	s.extend(at, l)
}

// answering is the run of the open command of one of these names; -1: none.
func (side *scribeSide) answering(verbs ...string) int {
	for _, a := range side.open {
		for _, v := range verbs {
			if a.verb == v {
				return a.run
			}
		}
	}
	return -1
}

// latest is the run of the command that was asked last; -1: none is open.
func (side *scribeSide) latest() int {
	if n := len(side.open); n > 0 {
		return side.open[n-1].run
	}
	return -1
}
