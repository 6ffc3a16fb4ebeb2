package dovecot

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestFilledInboxOverPOP3(t *testing.T) {
	s := Start(t, Options{FillInbox: 3})
	if err := s.Deliver([]byte(Message(4, time.Unix(1_800_000_000, 0)))); err != nil {
		t.Fatalf("deliver: %v\n%s", err, s.Log())
	}
	conn, err := net.Dial("tcp", s.POP3)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, c := range []struct{ say, want string }{
		{"", "+OK"}, {"USER " + s.User, "+OK"}, {"PASS " + s.Password, "+OK"}, {"STAT", "+OK 4 "},
	} {
		if c.say != "" {
			fmt.Fprintf(conn, "%s\r\n", c.say)
		}
		line, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, c.want) {
			t.Fatalf("%q was answered %q, %v; want %q\n%s", c.say, line, err, c.want, s.Log())
		}
	}
}
