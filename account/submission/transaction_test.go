package submission

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const ehlo = "250-hi\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-DSN\r\n250 AUTH PLAIN\r\n"

// dialogue is a scripted server up to and with AUTH, with what EHLO says.
func dialogue(ehlo string, then ...[2]string) [][2]string {
	return append([][2]string{{"", "220 hi\r\n"}, {"EHLO", ehlo}, {"AUTH", "235 ok\r\n"}}, then...)
}

// TestPipelining holds that MAIL and every RCPT go out before the first answer: the
// server here answers nothing before it has heard the last of them.
func TestPipelining(t *testing.T) {
	a, o, said := script(t, dialogue(ehlo, [2]string{"RCPT TO:<c@test>", "250 ok\r\n250 ok\r\n250 ok\r\n"},
		[2]string{"DATA", "354 go\r\n"}, [2]string{".", "250 taken\r\n"}, [2]string{"QUIT", "221 bye\r\n"})...)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"b@test", "c@test"}, Notify: []string{"success", "failure"}, ID: "a+b"}, []byte("Subject: x\r\n\r\nx\r\n"))
	if err != nil || len(r.Accepted()) != 2 || !r.Notified || !slices.Equal(r.Offers, []string{"SIZE", "8BITMIME", "PIPELINING", "DSN"}) {
		t.Fatalf("%v, %+v", err, r)
	}
	for _, want := range []string{"MAIL FROM:<alice@test> SIZE=17 RET=HDRS ENVID=a+2Bb", "RCPT TO:<b@test> NOTIFY=SUCCESS,FAILURE"} {
		if !slices.Contains(said(), want) {
			t.Errorf("it was not said %q: %q", want, said())
		}
	}
}

// TestNeeds holds that what the server cannot take is refused before MAIL, with the
// figures.
func TestNeeds(t *testing.T) {
	for _, c := range []struct{ name, ehlo, to, msg, want string }{
		{"SIZE", ehlo, "b@test", strings.Repeat("x\n", 500), "1500 octets, and the server takes at most 1000"},
		{"8BITMIME", "250-hi\r\n250 AUTH PLAIN\r\n", "b@test", "Subject: x\r\n\r\n\xff\r\n", "8BITMIME"},
		{"SMTPUTF8 for an address", ehlo, "ü@test", "Subject: x\r\n\r\nx\r\n", "SMTPUTF8"},
		{"SMTPUTF8 for the header", ehlo, "b@test", "Subject: ü\r\n\r\nx\r\n", "SMTPUTF8"},
	} {
		a, o, said := script(t, dialogue(c.ehlo, [2]string{"QUIT", "221 bye\r\n"})...)
		_, err := Send(t.Context(), a, alice, o, Envelope{To: []string{c.to}}, []byte(c.msg))
		if !errors.Is(err, ErrNeeds) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, line := range said() {
			if strings.HasPrefix(line, "MAIL") || line == "DATA" {
				t.Errorf("%s: said %q", c.name, line)
			}
		}
	}
}

// TestPartial holds both ways: nothing for anybody, or those that were accepted.
func TestPartial(t *testing.T) {
	answers := [2]string{"RCPT TO:<c@test>", "250 ok\r\n250 ok\r\n550-5.1.1 no such\r\n550 5.1.1 person \x1b[31m\r\n250 ok\r\n"}
	to := []string{"b@test", "nobody@test", "c@test"}
	a, o, said := script(t, dialogue(ehlo, answers, [2]string{"QUIT", "221 bye\r\n"})...)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: to}, []byte("x"))
	if !errors.Is(err, ErrRefused) || len(r.Accepted()) != 2 || len(r.Refused()) != 1 || !r.At.IsZero() || slices.Contains(said(), "DATA") {
		t.Errorf("%v, %+v, said %q", err, r, said())
	}
	if got, want := r.Refused()[0].Text, `5.1.1 no such person \x1b[31m`; got != want {
		t.Errorf("refused with %q, want %q", got, want)
	}
	a, o, _ = script(t, dialogue(ehlo, answers, [2]string{"DATA", "354 go\r\n"}, [2]string{".", "250 taken\r\n"}, [2]string{"QUIT", "221 bye\r\n"})...)
	r, err = Send(t.Context(), a, alice, o, Envelope{To: to, Partial: true}, []byte("x"))
	if err != nil || r.At.IsZero() || len(r.Refused()) != 1 {
		t.Errorf("%v, %+v", err, r)
	}
	a, o, _ = script(t, dialogue(ehlo, [2]string{"RCPT TO:<c@test>", "250 ok\r\n450 later\r\n550 no\r\n450 later\r\n"}, [2]string{"QUIT", "221 bye\r\n"})...)
	if r, err = Send(t.Context(), a, alice, o, Envelope{To: to, Partial: true}, []byte("x")); !errors.Is(err, ErrRefused) || len(r.Refused()) != 3 {
		t.Errorf("nobody was accepted: %v, %+v", err, r)
	}
}

// TestCutEarly holds that a connection that is cut before the message is no unknown
// outcome, and that the recipients that were answered are told.
func TestCutEarly(t *testing.T) {
	a, o, _ := script(t, dialogue(ehlo, [2]string{"RCPT TO:<c@test>", "250 ok\r\n250 ok\r\n"})...)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"b@test", "c@test"}}, []byte("x"))
	if err == nil || errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "RCPT TO c@test") || len(r.Accepted()) != 1 || len(r.Refused()) != 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestMailRefused(t *testing.T) {
	a, o, said := script(t, dialogue("250-hi\r\n250 AUTH PLAIN\r\n", [2]string{"MAIL", "550 5.7.1 not you\r\n"}, [2]string{"QUIT", "221 bye\r\n"})...)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"b@test"}}, []byte("x"))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "MAIL FROM") || len(r.Recipients) != 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if slices.ContainsFunc(said(), func(s string) bool { return strings.HasPrefix(s, "RCPT") }) {
		t.Error("without PIPELINING a RCPT was said after MAIL was refused")
	}
}
