package pop3

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

const plainOfAlice = "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=" // \0alice\0wonderland

// How we log in, by what is offered. Nothing stands behind the proof.
func TestWaysToLogIn(t *testing.T) {
	stamp := "+OK hello <1896.697170952@dbc.mtview.ca.us>\r\n"
	for name, c := range map[string]struct {
		caps     string
		greeting string
		apop     bool
		asks     bool // answers AUTH PLAIN with a challenge though it has the response
		password string
		want     []string
	}{
		"no CAPA":         {caps: "", want: []string{"CAPA", "USER alice", "PASS wonderland"}},
		"USER":            {caps: allCaps, want: []string{"CAPA", "USER alice", "PASS wonderland", "CAPA"}},
		"PLAIN":           {caps: "USER SASL_PLAIN_LOGIN", want: []string{"CAPA", plainOfAlice, "CAPA"}},
		"PLAIN, asked":    {caps: "USER SASL_PLAIN", asks: true, want: []string{"CAPA", plainOfAlice, plainOfAlice[11:], "CAPA"}},
		"no PLAIN":        {caps: "USER SASL_CRAM-MD5", want: []string{"CAPA", "USER alice", "PASS wonderland", "CAPA"}},
		"UTF8":            {caps: "USER UTF8_USER", want: []string{"CAPA", "UTF8", "USER alice", "PASS wonderland", "CAPA"}},
		"stamp unasked":   {caps: "", greeting: stamp, want: []string{"CAPA", "USER alice", "PASS wonderland"}},
		"APOP of the RFC": {caps: "", greeting: stamp, apop: true, password: "tanstaaf", want: []string{"CAPA", "APOP alice c4c9334bac560ecc979e58001b3e22fb"}},
		"long": {caps: "USER SASL_PLAIN", password: strings.Repeat("p", 200),
			want: []string{"CAPA", "AUTH PLAIN", base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + strings.Repeat("p", 200))), "CAPA"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: c.caps, say: map[string]string{}}
				f.say["AUTH PLAIN"] = "+ \r\n"
				if strings.Contains(c.caps, "_") {
					f.say["CAPA"] = multi(strings.ReplaceAll(strings.ReplaceAll(c.caps, " ", "\r\n"), "_", " "))
				}
				if c.asks {
					f.say[plainOfAlice] = "+ \r\n"
				}
				if c.greeting != "" {
					f.say[""] = c.greeting
				}
				config := f.config()
				config.APOP = c.apop
				if c.password != "" {
					config.Password = account.NewPassword(c.password)
				}
				s := openWith(t, config)
				if !slices.Equal(f.commands(), c.want) {
					t.Errorf("heard %q", f.commands())
				}
				if s.State() != retrieval.POP3Transaction {
					t.Errorf("state %s", s.State())
				}
			})
		})
	}
}

// Every way in which a login fails, by code and not by wording; the socket is
// closed (else the bubble would not end), and nothing weaker is tried.
func TestFailedLogins(t *testing.T) {
	for name, c := range map[string]struct {
		say  map[string]string
		want error
	}{
		"AUTH":              {map[string]string{"PASS wonderland": "-ERR [AUTH] Authentication failed.\r\n"}, retrieval.ErrAuth},
		"no code":           {map[string]string{"PASS wonderland": "-ERR Login failed.\r\n"}, retrieval.ErrAuth},
		"nothing":           {map[string]string{"PASS wonderland": "-ERR\r\n"}, retrieval.ErrAuth},
		"USER refused":      {map[string]string{"USER alice": "-ERR never heard of\r\n"}, retrieval.ErrAuth},
		"IN-USE":            {map[string]string{"PASS wonderland": "-ERR [in-use] busy\r\n"}, retrieval.ErrInUse},
		"LOGIN-DELAY":       {map[string]string{"PASS wonderland": "-ERR [LOGIN-DELAY] wait\r\n"}, retrieval.ErrLoginDelay},
		"SYS/TEMP":          {map[string]string{"PASS wonderland": "-ERR [SYS/TEMP] wait\r\n"}, retrieval.ErrSysTemp},
		"SYS/PERM/more":     {map[string]string{"PASS wonderland": "-ERR [SYS/PERM/QUOTA] no\r\n"}, retrieval.ErrSysPerm},
		"greeting refused":  {map[string]string{"": "-ERR too many\r\n"}, retrieval.ErrRefused},
		"greeting in use":   {map[string]string{"": "-ERR [IN-USE] too many\r\n"}, retrieval.ErrInUse},
		"greeting blank":    {map[string]string{"": "\r\n"}, retrieval.ErrProtocol},
		"greeting of SMTP":  {map[string]string{"": "220 mail ESMTP\r\n"}, retrieval.ErrProtocol},
		"greeting dropped":  {map[string]string{"": drop}, retrieval.ErrClosed},
		"greeting silent":   {map[string]string{"": hang}, retrieval.ErrClosed},
		"greeting endless":  {map[string]string{"": "+OK " + strings.Repeat("x", 2<<20) + hang}, retrieval.ErrTooMuch},
		"CAPA endless":      {map[string]string{"CAPA": "+OK\r\n" + strings.Repeat("X-FILLER\r\n", 20_000) + hang}, retrieval.ErrTooMuch},
		"CAPA silent":       {map[string]string{"CAPA": hang}, retrieval.ErrClosed},
		"CAPA without end":  {map[string]string{"CAPA": "+OK\r\nTOP\r\n" + hang}, retrieval.ErrClosed},
		"PASS silent":       {map[string]string{"PASS wonderland": hang}, retrieval.ErrClosed},
		"PASS blank":        {map[string]string{"PASS wonderland": "\r\n"}, retrieval.ErrProtocol},
		"PASS dropped":      {map[string]string{"PASS wonderland": drop}, retrieval.ErrClosed},
		"challenge twice":   {map[string]string{"CAPA": multi("SASL PLAIN"), plainOfAlice: "+ \r\n", plainOfAlice[11:]: "+ more\r\n"}, retrieval.ErrProtocol},
		"challenge, no":     {map[string]string{"CAPA": multi("SASL PLAIN"), plainOfAlice: "+ \r\n", plainOfAlice[11:]: "-ERR no\r\n"}, retrieval.ErrAuth},
		"challenge to PASS": {map[string]string{"PASS wonderland": "+ \r\n"}, retrieval.ErrProtocol},
		"PLAIN refused":     {map[string]string{"CAPA": multi("SASL PLAIN", "USER"), plainOfAlice: "-ERR no\r\n"}, retrieval.ErrAuth},
		"no login at all":   {map[string]string{"CAPA": multi("TOP", "STLS")}, retrieval.ErrUnsafe},
		"second CAPA quits": {map[string]string{"PASS wonderland": "+OK\r\n" + drop}, retrieval.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: allCaps, say: c.say}
				before := time.Now()
				s, err := Open(t.Context(), f.config())
				check(t, err, c.want)
				var op *retrieval.OpError
				if s != nil || !errors.As(err, &op) || time.Since(before) > time.Minute {
					t.Errorf("%v after %s", err, time.Since(before))
				}
				synctest.Wait()
				if f.sawAny("QUIT") || f.sawAny("AUTH") && f.sawAny("USER") {
					t.Errorf("heard %q", f.commands())
				}
			})
		})
	}
}

// P5: what would leave its line never reaches the wire, not even a dial.
func TestCredentialsThatBreakLines(t *testing.T) {
	for _, bad := range []string{"", "a\r\nDELE 1", "a\nb", "a\rb", "a\x00b"} {
		f := &fake{}
		user, password := f.config(), f.config()
		user.Account.User = bad
		password.Password = account.NewPassword(bad)
		for _, c := range []Config{user, password} {
			if _, err := Open(t.Context(), c); err == nil || f.conn != nil || bad != "" && strings.Contains(err.Error(), bad) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	}
}

// Without the security that the account asks for nothing is sent.
func TestPlaintextOffLoopback(t *testing.T) {
	f := &fake{}
	c := f.config()
	c.Account.POP3.Address = "192.0.2.1:110"
	_, err := Open(t.Context(), c)
	check(t, err, retrieval.ErrUnsafe)
	if f.conn != nil {
		t.Error("dialed")
	}
}

// APOP that was asked for is never given up for a password in the open.
func TestAPOPWithoutTimestamp(t *testing.T) {
	for _, greeting := range []string{"+OK ready\r\n", "+OK <no at sign>\r\n", "+OK <a@b\r\n", "+OK <\xff@x>\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{say: map[string]string{"": greeting}}
			c := f.config()
			c.APOP = true
			_, err := Open(t.Context(), c)
			check(t, err, retrieval.ErrUnsafe)
			if f.sawAny("USER") || f.sawAny("APOP") {
				t.Errorf("heard %q", f.commands())
			}
		})
	}
}

// A server that gives the secret back puts it neither in an error nor in the transcript.
func TestEchoedSecrets(t *testing.T) {
	for _, echo := range []string{"-ERR no such password: wonderland\r\n", "-ERR [AUTH] AGFsaWNlAHdvbmRlcmxhbmQ=\r\n", "wonderland?\r\n", "AGFsaWNlAHdvbmRlcmxhbmQ=\r\n"} {
		for _, capa := range []string{multi("USER"), multi("SASL PLAIN")} {
			if capa == multi("USER") && strings.Contains(echo, "AGFs") {
				continue // that form never went out
			}
			synctest.Test(t, func(t *testing.T) {
				f := &fake{say: map[string]string{"CAPA": capa, "PASS wonderland": echo, plainOfAlice: echo}}
				c := f.config()
				c.Wire.Transcript = wire.NewTranscript(0)
				_, err := Open(t.Context(), c)
				var saved bytes.Buffer
				if e := c.Wire.Transcript.Save(&saved); e != nil {
					t.Fatal(e)
				}
				all := fmt.Sprintf("%v %+v %s", err, err, saved.String())
				if err == nil || strings.Contains(all, "wonderland") || strings.Contains(all, "AGFsaWNl") {
					t.Errorf("%s", all)
				}
			})
		}
	}
}

// P9: what the server says is cleaned before it is in an error or an event.
func TestHostileTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(1), say: map[string]string{"NOOP": "-ERR [X\x1b]0;t\x07] \x1b[2J\u202e\xff\r\n"}}
		c := f.config()
		var rec recorder
		c.Events = rec.take
		s := openWith(t, c)
		err := s.Noop(t.Context())
		check(t, err, retrieval.ErrRefused)
		all := fmt.Sprint(err)
		for _, e := range rec.events {
			all += e.Text + e.Code
		}
		if strings.ContainsAny(all, "\x1b\x07\u202e") {
			t.Errorf("%q", all)
		}
	})
}

func TestUnsupported(t *testing.T) {
	for _, what := range []string{"flags", "folders", "search", "move", "copy", "append", "expunge", "tea"} {
		err := Unsupported(what)
		check(t, err, retrieval.ErrUnsupported)
		var u *retrieval.UnsupportedError
		if !errors.As(err, &u) || u.Protocol != retrieval.POP3 || !strings.HasPrefix(u.Source, "RFC 1939") {
			t.Errorf("%s: %#v", what, err)
		}
	}
}

// Opening ends with its context, wherever it is.
func TestOpenEndsWithContext(t *testing.T) {
	for _, command := range []string{"", "CAPA", "USER alice", "PASS wonderland"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			f := &fake{caps: allCaps, say: map[string]string{command: hang}}
			before := time.Now()
			_, err := Open(ctx, f.config())
			check(t, err, context.DeadlineExceeded)
			if time.Since(before) != time.Second {
				t.Errorf("%s: after %s", command, time.Since(before))
			}
		})
	}
}
