package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

var initTrace = regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes,`)

// TestStartsSoon holds how much memory packages take before main begins: every
// command pays for it each time, be it a cron job that finds nothing new. A
// package that fills tables of its own at the start shows here at once.
func TestStartsSoon(t *testing.T) {
	const most = 2 << 20 // octets, those of the test's own packages included
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "version")
	cmd.Args[0] = "imapop" // see TestMain
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	total := 0
	large := map[string]int{}
	for _, m := range initTrace.FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.Atoi(m[2])
		if total += n; n > most/8 {
			large[m[1]] = n
		}
	}
	if total == 0 || total > most {
		t.Errorf("%d octets before main, at most %d; the largest: %v", total, most, large)
	}
	t.Logf("%d octets", total)
}
