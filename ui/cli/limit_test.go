package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"imapop/account/servertest/dovecot"
)

// durableLimit is the least that a durable download can cost: every RETR in one
// write, nothing parsed but the ends of messages, one sync at the end.
func durableLimit(dir, pop3 string) error {
	conn, err := net.Dial("tcp", pop3)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 256<<10)
	count := 0
	for _, command := range []string{"", "USER " + dovecot.User, "PASS " + dovecot.Password, "STAT"} {
		if command != "" {
			fmt.Fprintf(conn, "%s\r\n", command)
		}
		line, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "+OK") {
			return fmt.Errorf("%q was answered %q, %v", command, line, err)
		}
		if command == "STAT" {
			count, _ = strconv.Atoi(strings.Fields(line)[1])
		}
	}
	go func() {
		var b strings.Builder
		for i := 1; i <= count; i++ {
			fmt.Fprintf(&b, "RETR %d\r\n", i)
		}
		fmt.Fprintf(&b, "QUIT\r\n")
		conn.Write([]byte(b.String()))
	}()
	maildir := makeMaildir(dir)
	for i := 1; i <= count; i++ {
		if err := saveRaw(r, filepath.Join(maildir, "new", strconv.Itoa(i))); err != nil {
			return err
		}
	}
	d, err := os.Open(maildir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

func saveRaw(r *bufio.Reader, path string) error {
	if line, err := r.ReadSlice('\n'); err != nil || line[0] != '+' {
		return fmt.Errorf("RETR was answered %q, %v", line, err)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	for start := true; ; {
		line, err := r.ReadSlice('\n')
		whole := err == nil
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
		if start && bytes.Equal(line, []byte(".\r\n")) {
			break
		}
		if start && line[0] == '.' {
			line = line[1:]
		}
		w.Write(line)
		start = whole
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
