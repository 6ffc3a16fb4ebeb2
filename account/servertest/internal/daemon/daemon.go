// Package daemon holds what the packages that start a real mail server for a
// test have in common: certificates, ports, waiting for the greetings, an end
// with the test.
package daemon

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// requireEnv, set to "require", makes a missing server a failure, for machines
// that must run these tests.
const requireEnv = "IMAPOP_INTEROP"

// Missing skips the test for a reason, or fails it where the servers are required.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(requireEnv) == "require" {
		t.Fatal(reason + ", and " + requireEnv + "=require asks for it")
	}
	t.Skip(reason)
}

// Ports finds n different ports of 127.0.0.1 that nobody listens on now;
// another program may take one before its server does.
func Ports(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all are held until the last is found, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// Local is the address of a port on this machine.
func Local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// Process is a server that runs.
type Process struct {
	cmd    *exec.Cmd
	out    bytes.Buffer // complete once exited is closed
	exited chan struct{}
	signal os.Signal
}

// Launch starts a server, which stays in the foreground; signal ends it.
func Launch(cmd *exec.Cmd, signal os.Signal) (*Process, error) {
	p := &Process{cmd: cmd, exited: make(chan struct{}), signal: signal}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C of the test run must not reach it before Stop
	cmd.WaitDelay = 10 * time.Second                      // for a child that holds on to the output
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// Stop ends the server and waits for it.
func (p *Process) Stop() {
	p.cmd.Process.Signal(p.signal)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		p.cmd.Process.Kill()
		<-p.exited
	}
}

// Output stops the server and returns what it printed.
func (p *Process) Output() string {
	p.Stop()
	return strings.TrimSpace(p.out.String())
}

// Door is a port that greets.
type Door struct {
	Address, Greeting string
	TLS               bool
	AnyCertificate    bool // the test may want a bad one
}

// Ready waits, for 20 seconds at most, until every door greets.
func (p *Process) Ready(roots *x509.CertPool, doors ...Door) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, d := range doors {
		for !d.greets(roots) {
			select {
			case <-p.exited:
				return errors.New("it ended at once")
			case <-ctx.Done():
				return fmt.Errorf("no greeting from %s", d.Address)
			case <-time.After(20 * time.Millisecond): // a foreign process: only asking again tells
			}
		}
	}
	return nil
}

func (d Door) greets(roots *x509.CertPool) bool {
	conn, err := net.DialTimeout("tcp", d.Address, 2*time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	if d.TLS {
		conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "localhost", InsecureSkipVerify: d.AnyCertificate})
	}
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 512)
	n, _ := conn.Read(buf)
	return strings.HasPrefix(string(buf[:n]), d.Greeting)
}
