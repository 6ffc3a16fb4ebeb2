package cli

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// mountTiny puts a file system of its own on dir, and returns a func that sets
// its size in megabytes. It needs root; IMAPOP_INTEROP=require makes a skip a failure.
func mountTiny(t *testing.T, dir string) func(megabytes int) {
	t.Helper()
	if err := unix.Mount("imapop-test", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("IMAPOP_INTEROP") == "require" {
			t.Fatalf("cannot mount a tmpfs, which only root can: %v", err)
		}
		t.Skipf("cannot mount a tmpfs, which only root can: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return func(megabytes int) {
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT, fmt.Sprintf("size=%dm", megabytes)); err != nil {
			t.Fatal(err)
		}
	}
}
