package pop3d

import (
	"strings"
	"testing"
)

// TestEveryCommandInEveryState sends each command fresh in both states.
func TestEveryCommandInEveryState(t *testing.T) {
	const no, ok = "-ERR", "+OK"
	tests := []struct {
		command       string
		authorization string
		transaction   string
	}{
		{"USER alice", ok, no}, {"USER", no, no}, {"USER ", no, no}, {"user alice", ok, no},
		{"USER nobody", ok, no}, // who has a maildrop is not told
		{"PASS x", no, no}, {"PASS", no, no},
		{"APOP alice 0123", no, no},
		{"AUTH", no, no}, {"AUTH NOSUCH", no, no}, {"AUTH PLAIN =", no, no},
		{"AUTH CRAM-MD5 AGFsaWNl", no, no}, {"AUTH PLAIN !!", no, no}, {"AUTH PLAIN ", "+ ", no},
		{"STLS", no, no}, {"STLS x", no, no},
		{"CAPA", ok, ok}, {"CAPA x", no, no}, {"cApA", ok, ok},
		{"STAT", no, "+OK 2 320"}, {"STAT 1", no, no}, {"STAT ", no, "+OK 2 320"},
		{"LIST", no, "+OK 2 messages (320 octets)"}, {"LIST ", no, ok}, {"LIST 2", no, "+OK 2 200"},
		{"LIST 0", no, no}, {"LIST 3", no, no}, {"LIST -1", no, no}, {"LIST +1", no, no},
		{"LIST 1x", no, no}, {"LIST 0x1", no, no}, {"LIST 1 2", no, no}, {"LIST  1", no, no},
		{"LIST 99999999999999999999", no, no}, {"LIST 18446744073709551617", no, no},
		{"LIST \u0661", no, no}, // an Arabic digit is no DIGIT
		{"UIDL", no, ok}, {"UIDL 1", no, "+OK 1 1432.41"}, {"UIDL 3", no, no}, {"UIDL x", no, no},
		{"RETR", no, no}, {"RETR 1", no, "+OK 120 octets"}, {"RETR 3", no, no}, {"RETR 1 2", no, no},
		{"RETR one", no, no},
		{"TOP", no, no}, {"TOP 1", no, no}, {"TOP 1 0", no, ok}, {"TOP 3 0", no, no}, {"TOP 1 -1", no, no},
		{"TOP 1 1 1", no, no}, {"TOP 1 99999999999999999999", no, ok}, {"TOP x 1", no, no},
		{"DELE", no, no}, {"DELE 1", no, ok}, {"DELE 3", no, no}, {"DELE 1 2", no, no}, {"DELE 1 ", no, ok},
		{"RSET", no, ok}, {"RSET 1", no, no},
		{"NOOP", no, ok}, {"NOOP x", no, no},
		{"QUIT", ok, ok}, {"QUIT now", no, no}, {"quit", ok, ok},
		{"", no, no}, {" ", no, no}, {" NOOP", no, no}, {"LAST", no, no}, {"XTND XMIT", no, no},
		{"UTF8", no, no}, {"EHLO x", no, no}, {"NO\tOP", no, no}, {"NOOP\x00", no, no}, {"NO\rOP", no, no},
		{"\xff\xfe", no, no}, {strings.Repeat("x", 253), no, no},
	}
	messages := []string{message(120), message(200)}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			r := newRoom(t, newBackend(messages...), Options{})
			c := r.dial()
			c.want(tt.command, tt.authorization)
			c.conn.Close()
			r = newRoom(t, newBackend(messages...), Options{})
			c = r.login()
			c.want(tt.command, tt.transaction)
		})
	}
}

// message makes one of n octets, with CRLF at the end.
func message(n int) string {
	head := "Subject: x\r\n\r\n"
	return head + strings.Repeat("y", n-len(head)-2) + "\r\n"
}

// TestExampleOfRFC1939 is the session of RFC 1939 section 10, with its
// numbers: two messages of 120 and 200 octets, both retrieved and deleted.
func TestExampleOfRFC1939(t *testing.T) {
	b := newBackend(message(120), message(200))
	c := newRoom(t, b, Options{}).login()
	c.want("STAT", "+OK 2 320")
	if got := c.multi("LIST"); strings.Join(got, "|") != "1 120|2 200" {
		t.Fatal(got)
	}
	c.multi("RETR 1")
	c.want("DELE 1", "+OK message 1 ")
	c.multi("RETR 2")
	c.want("DELE 2", "+OK message 2 ")
	c.want("QUIT", "+OK")
	c.ended()
	if updates, retrieved, _, _ := b.state(); len(updates) != 1 || len(updates[0]) != 2 || len(retrieved) != 2 {
		t.Fatal(updates, retrieved)
	}
}

// TestExamplesOfSection5 are the other examples of RFC 1939 sections 5 and 7.
func TestExamplesOfSection5(t *testing.T) {
	c := newRoom(t, newBackend(message(120), message(200)), Options{}).login()
	c.want("LIST 2", "+OK 2 200")
	c.want("LIST 3", "-ERR no such message")
	c.want("DELE 1", "+OK")
	c.want("DELE 1", "-ERR message 1 is marked")
	c.want("STAT", "+OK 1 200")
	c.want("RSET", "+OK maildrop has 2 messages (320 octets)")
	c.want("STAT", "+OK 2 320")
	if got := c.multi("UIDL"); strings.Join(got, "|") != "1 1432.41|2 1432.42" {
		t.Fatal(got)
	}
}

func TestEmptyMaildrop(t *testing.T) {
	c := newRoom(t, newBackend(), Options{}).login()
	c.want("STAT", "+OK 0 0")
	if got := len(c.multi("LIST")) + len(c.multi("UIDL")); got != 0 {
		t.Fatal(got)
	}
	c.want("RETR 1", "-ERR")
	c.want("QUIT", "+OK")
}
