package wire

import (
	"strings"
	"testing"

	"imapop/account"
	"imapop/retrieval"
)

// TestRefusedLogins holds what is told of a login that was refused: by what, and
// the code; and that nothing is told of anything else.
func TestRefusedLogins(t *testing.T) {
	for name, c := range map[string]struct {
		side retrieval.Protocol
		talk []string
		want string // mechanism and code of each
	}{
		"LOGIN":                    {retrieval.IMAP, []string{"C a LOGIN u p", "S * OK still here", "S a NO no"}, "LOGIN "},
		"AUTHENTICATE":             {retrieval.IMAP, []string{"C a AUTHENTICATE PLAIN", "S + ", "C AHUAcA==", "S a NO [AUTHENTICATIONFAILED] no"}, "PLAIN AUTHENTICATIONFAILED"},
		"initial response":         {retrieval.IMAP, []string{"C a authenticate plain AHUAcA==", "S a NO [EXPIRED] no"}, "PLAIN EXPIRED"},
		"accepted":                 {retrieval.IMAP, []string{"C a LOGIN u p", "S a OK yes", "C b SELECT x", "S b NO [NONEXISTENT] no"}, ""},
		"another command's NO":     {retrieval.IMAP, []string{"C a LOGIN u p", "S b NO no"}, ""},
		"the server is ill":        {retrieval.IMAP, []string{"C a LOGIN u p", "S a NO [UNAVAILABLE] later"}, ""},
		"not understood":           {retrieval.IMAP, []string{"C a LOGIN u p", "S a BAD what"}, ""},
		"what a server makes up":   {retrieval.IMAP, []string{"C a LOGIN u p", "S a NO [HUNTER2 you said \x1b[31m p] no"}, "LOGIN "},
		"no code at all":           {retrieval.IMAP, []string{"C a LOGIN u p", "S a NO [\x1b]52;c;eA==\x07] no"}, "LOGIN "},
		"PASS":                     {retrieval.POP3, []string{"C USER u", "S +OK", "C PASS p", "S -ERR [AUTH] no"}, "USER/PASS AUTH"},
		"USER":                     {retrieval.POP3, []string{"C USER u", "S -ERR nobody"}, "USER/PASS "},
		"APOP":                     {retrieval.POP3, []string{"C APOP u c4c9334bac560ecc979e58001b3e22fb", "S -ERR no"}, "APOP "},
		"AUTH in two steps":        {retrieval.POP3, []string{"C AUTH SCRAM-SHA-256 biws", "S + cj0=", "C Yz0=", "S -ERR [AUTH] no"}, "SCRAM-SHA-256 AUTH"},
		"busy":                     {retrieval.POP3, []string{"C PASS p", "S -ERR [IN-USE] busy"}, ""},
		"too early":                {retrieval.POP3, []string{"C PASS p", "S -ERR [LOGIN-DELAY] wait"}, ""},
		"logged in, then an error": {retrieval.POP3, []string{"C PASS p", "S +OK", "C RETR 1", "S -ERR gone"}, ""},
		"submission":               {retrieval.SMTP, []string{"C AUTH PLAIN AHUAcA==", "S 535 5.7.8 no"}, "PLAIN 535"},
		"submission, wrong step":   {retrieval.SMTP, []string{"C AUTH PLAIN AHUAcA==", "S 503 first EHLO"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			tap := newTap(c.side, nil)
			tap.address = "mail.example:1"
			tap.refused = func(l account.FailedLogin) {
				got = append(got, l.Mechanism+" "+l.Code)
				if l.Protocol != string(c.side) || l.Endpoint != "mail.example:1" || l.At.IsZero() {
					t.Errorf("told %+v", l)
				}
			}
			imap, smtp := &imapClient{tap: tap}, newSMTPTap(tap)
			for _, line := range c.talk {
				text := []byte(line[2:])
				switch {
				case line[0] == 'S':
					tap.serverLine(text, extent{wire: int64(len(text))})
				case c.side == retrieval.IMAP:
					imap.line(text, extent{}, true)
				case c.side == retrieval.POP3:
					tap.pop3Client(text, extent{})
				default:
					smtp.clientLine(text, extent{})
				}
			}
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("told %q, want %q", s, c.want)
			}
		})
	}
}
