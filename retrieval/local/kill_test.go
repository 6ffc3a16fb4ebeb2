//go:build unix

package local

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"imapop/account"
)

// The kill test runs a retriever in a process of its own, on a server that is a
// directory of files, and ends it by SIGKILL at every step of a batch and of a
// deletion. childEnv makes the test binary that process: "DIR STEP N" kills it
// when STEP is reached for the Nth time; an empty STEP lets it finish.
const childEnv = "IMAPOP_LOCAL_CHILD"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := child(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(spec string) error {
	dir, at, _ := strings.Cut(spec, "|")
	step, count, _ := strings.Cut(at, "|")
	left, _ := strconv.Atoi(count)
	die := func(s string) error {
		if s == step {
			if left--; left == 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		return nil
	}
	o := options(dir)
	o.Now = nil // the real clock: a second copy must not hide behind an equal name
	o.Policy = account.LeaveOnServer{Mode: account.LeaveDelete}
	c, err := Open(o)
	if err != nil {
		return err
	}
	defer c.Close()
	if step == "hold" { // for the lock test: says that it has the lock and waits
		fmt.Println("holding")
		io.Copy(io.Discard, os.Stdin)
		return nil
	}
	c.fault = die
	return fetch(c, filepath.Join(dir, "server"), die)
}

// fetch is a session that downloads everything in batches of three and deletes
// what is due.
func fetch(c *Copy, server string, die func(string) error) error {
	listed := list(server)
	if _, err := c.Reconcile(listed); err != nil {
		return err
	}
	for i, id := range listed {
		if c.Has(id) {
			continue
		}
		body, err := os.ReadFile(filepath.Join(server, id))
		if err != nil {
			return err
		}
		if err := store(c, i+1, id, string(body)); err != nil {
			return err
		}
		if c.Staged() == 3 {
			if _, err := c.Flush(); err != nil {
				return err
			}
		}
	}
	if _, err := c.Flush(); err != nil {
		return err
	}
	var due []string
	for _, r := range c.Records() {
		if slices.Contains(listed, r.UniqueID) && Due(r, r.Policy, c.now()) {
			due = append(due, r.UniqueID)
		}
	}
	if err := c.MarkDeletePending(due); err != nil {
		return err
	}
	die("dele")
	for _, id := range due { // QUIT: the server deletes, and may die in the middle too
		if err := os.Remove(filepath.Join(server, id)); err != nil {
			return err
		}
		die("update")
	}
	die("quit")
	return c.Settle(due, nil)
}

func list(server string) []string {
	entries, _ := os.ReadDir(server)
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids
}

func body(i int) string {
	return fmt.Sprintf("Subject: %d\r\n\r\n%s\r\n", i, strings.Repeat("x", i*997%5000))
}

const killMessages = 8

// killed runs the child; true when it was killed, false when it finished.
func killed(t *testing.T, dir, step string, n int) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childEnv+"="+dir+"|"+step+"|"+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("%s %d: %v: %s", step, n, err, out)
	}
	return false
}

// check holds every message to be in one place at least, and in the Maildir once at most.
func check(t *testing.T, dir, when string) {
	t.Helper()
	here := map[string]int{}
	for _, name := range visible(t, filepath.Join(dir, "Maildir")) {
		b, err := os.ReadFile(filepath.Join(dir, "Maildir", name))
		if err != nil {
			t.Fatal(err)
		}
		here[string(b)]++
	}
	for i := range killMessages {
		switch n := here[body(i)]; {
		case n > 1:
			t.Errorf("%s: message %d is here %d times", when, i, n)
		case n == 0 && !exists(filepath.Join(dir, "server", fmt.Sprint("id", i))):
			t.Errorf("%s: message %d is lost", when, i)
		}
		delete(here, body(i))
	}
	if len(here) > 0 {
		t.Errorf("%s: %d files hold something else", when, len(here))
	}
}

func fill(t *testing.T) string {
	t.Helper()
	dir := scratch(t)
	if err := os.Mkdir(filepath.Join(dir, "server"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range killMessages {
		if err := os.WriteFile(filepath.Join(dir, "server", fmt.Sprint("id", i)), []byte(body(i)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var killSteps = []string{"create", "write", "stage", "sync", "rename", "syncdir", "commit", "dele", "update", "quit"}

func TestKilledAtEachStep(t *testing.T) {
	for _, step := range killSteps {
		t.Run(step, func(t *testing.T) {
			for n := 1; n <= 2; n++ {
				dir := fill(t)
				when := fmt.Sprintf("killed at %s %d", step, n)
				if !killed(t, dir, step, n) && step != "quit" && step != "dele" {
					t.Errorf("%s: it was not reached", when)
				}
				check(t, dir, when)
				if killed(t, dir, "", 0) {
					t.Fatal("killed by another")
				}
				check(t, dir, when+", and run again")
				if left := list(filepath.Join(dir, "server")); len(left) > 0 {
					t.Errorf("%s: still on the server: %v", when, left)
				}
			}
		})
	}
}

// TestKilledAgainAndAgain kills at random steps, again and again on one copy.
// IMAPOP_KILLS says how often; 20 when it does not.
func TestKilledAgainAndAgain(t *testing.T) {
	want, err := strconv.Atoi(os.Getenv("IMAPOP_KILLS"))
	if err != nil {
		want = 20
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	dir := fill(t)
	for kills, runs := 0, 0; kills < want; runs++ {
		step, n := killSteps[r.IntN(len(killSteps))], 1+r.IntN(3)
		if killed(t, dir, step, n) {
			kills++
		}
		check(t, dir, fmt.Sprintf("seed %d, run %d, %s %d", seed, runs, step, n))
		if len(list(filepath.Join(dir, "server"))) == 0 {
			dir = fill(t)
		}
		if t.Failed() || runs > 50*want {
			t.Fatalf("seed %d: after %d kills in %d runs", seed, kills, runs)
		}
	}
}

func TestLockAgainstAnotherProcess(t *testing.T) {
	dir := scratch(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childEnv+"="+dir+"|hold|0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, len("holding"))
	if _, err := io.ReadFull(out, said); err != nil {
		t.Fatal(err)
	}
	_, err = Open(options(dir))
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), fmt.Sprint("process ", cmd.Process.Pid)) {
		t.Errorf("got %v", err)
	}
	cmd.Process.Kill() // the lock must not outlive its holder
	in.Close()
	cmd.Wait()
	open(t, options(dir))
}
