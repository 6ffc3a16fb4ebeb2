package pop3d

import (
	"math"
	"strconv"
	"strings"
)

// command is what the server knows of a keyword.
type command struct {
	in  state // where it is allowed: an or of states
	run func(s *session, arg string) error
}

// commands by keyword. One that is not here is unknown in every state.
var commands = map[string]command{
	"APOP": {authorization, (*session).apop},
	"AUTH": {authorization, (*session).auth},
	"PASS": {authorization, (*session).pass},
	"STLS": {authorization, noArgument((*session).stls)},
	"USER": {authorization, (*session).userName},
	"CAPA": {authorization | transaction, noArgument((*session).capa)},
	"QUIT": {authorization | transaction, noArgument((*session).quit)},
	"DELE": {transaction, (*session).dele},
	"LIST": {transaction, (*session).listing},
	"NOOP": {transaction, noArgument((*session).noop)},
	"RETR": {transaction, (*session).retr},
	"RSET": {transaction, noArgument((*session).rset)},
	"STAT": {transaction, noArgument((*session).stat)},
	"TOP":  {transaction, (*session).top},
	"UIDL": {transaction, (*session).uidl},
}

// dispatch runs a command line.
func (s *session) dispatch(line string) error {
	keyword, arg, err := parseLine(line)
	if err != nil {
		s.user = ""
		return err
	}
	if keyword != "PASS" {
		s.user = "" // PASS counts only right after USER (RFC 1939 section 7)
	}
	c, ok := commands[keyword]
	if !ok {
		return bad("unknown command")
	}
	if c.in&s.state == 0 {
		return bad("%s is not for the %s state", keyword, s.state)
	}
	return c.run(s, arg)
}

// parseLine splits a command line into its keyword, in capitals, and the rest
// after one space. The rest is untouched: a password may have spaces in it.
func parseLine(line string) (keyword, arg string, err error) {
	if strings.ContainsAny(line, "\x00\r\n") {
		return "", "", bad("NUL, CR and LF have no place in a command")
	}
	keyword, arg, _ = strings.Cut(line, " ")
	if keyword == "" {
		return "", "", bad("no command on this line")
	}
	for _, c := range []byte(keyword) {
		if c <= ' ' || c > '~' {
			return "", "", bad("a keyword is printable ASCII")
		}
	}
	return strings.ToUpper(keyword), arg, nil
}

// noArgument wraps a command that takes none. Blanks at the end are forgiven.
func noArgument(run func(*session) error) func(*session, string) error {
	return func(s *session, arg string) error {
		if strings.Trim(arg, " ") != "" {
			return bad("this command takes no argument")
		}
		return run(s)
	}
}

// parseNumber reads 1*DIGIT, and nothing else: no sign, no blank. Too big a
// number becomes the biggest: it names no message and asks for all the lines.
func parseNumber(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return math.MaxInt, true
	}
	return n, true
}
