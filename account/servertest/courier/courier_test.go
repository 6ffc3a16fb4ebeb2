package courier

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

func TestFilledInboxOverPOP3(t *testing.T) {
	s := Start(t, Options{FillInbox: 3})
	if err := s.Deliver([]byte("Subject: one more\r\n\r\nHello.\r\n")); err != nil {
		t.Fatalf("deliver: %v", err)
	}
	conn, err := tls.Dial("tcp", s.POP3S, &tls.Config{RootCAs: s.CAPool, ServerName: "localhost"})
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
			t.Fatalf("%q was answered %q, %v; want %q", c.say, line, err, c.want)
		}
	}
}
