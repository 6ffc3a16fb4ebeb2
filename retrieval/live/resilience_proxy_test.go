package live

import (
	"bufio"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// relay stands between a desk and a good server and spoils what it is told to.
type relay struct {
	*script
	target string
	// server is given each line of the server on connection n and returns what goes
	// on, and whether the connection is cut behind it; nil: everything goes on.
	server func(n int, line string) (string, bool)
	// client sees each line of the client.
	client func(n int, line string)
	deaf   atomic.Bool // nothing of the server goes on any more
}

func startRelay(t *testing.T, target string, change func(*relay)) *relay {
	t.Helper()
	r := &relay{target: target}
	change(r)
	r.script = serve(t, r.talk)
	return r
}

func (r *relay) talk(c *talker) {
	srv, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer srv.Close()
	go func() { // ends with the client
		defer srv.Close()
		for {
			line, err := c.in.ReadString('\n')
			if err != nil {
				return
			}
			if r.client != nil {
				r.client(c.n, strings.TrimRight(line, "\r\n"))
			}
			if _, err := srv.Write([]byte(line)); err != nil {
				return
			}
		}
	}()
	in := bufio.NewReader(srv)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		cut := false
		if r.server != nil {
			line, cut = r.server(c.n, line)
		}
		if r.deaf.Load() {
			continue
		}
		if !c.say("%s", line) || cut {
			return
		}
	}
}
