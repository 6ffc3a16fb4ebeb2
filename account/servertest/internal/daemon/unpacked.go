package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Unpacked finds the directory into which .ci/servers unpacked a server's
// packages: the one that env names, else the one in the user's cache. Without
// it, or where it cannot be laid over /usr, the test is skipped or fails (Missing).
func Unpacked(t testing.TB, name, env string) string {
	t.Helper()
	prefix := os.Getenv(env)
	if prefix == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			Missing(t, name+": "+err.Error())
		}
		prefix = filepath.Join(cache, "imapop", "servers", name)
	}
	if _, err := os.Stat(filepath.Join(prefix, "unpacked")); err != nil {
		Missing(t, name+" is not in "+prefix+" (Debian: bash .ci/servers puts it there)")
	}
	if os.Getuid() != 0 {
		Missing(t, name+" needs root, for a mount namespace of its own")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		Missing(t, name+" needs unshare (Debian: util-linux)")
	}
	return prefix
}

// namespace lays the packages over /usr, where the programs expect themselves
// and their libraries, and runs the script. Nothing of it is seen outside. The
// shell stays, as the namespace's first process: with it all others end, and
// what asks the kernel for its end does not outlive a change of user.
const namespace = `set -e
mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr
cd "$2"
sh -e ./start
exit`

// Command is a server that dir/start, a script for sh, starts with the unpacked
// packages in place; dir is also the script's working directory. It has a mount
// and a process namespace of its own: SIGKILL, for Launch, ends all of its processes.
func Command(prefix, dir string) (*exec.Cmd, os.Signal) {
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", namespace, "sh", prefix, dir)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "SHELL=/bin/sh"}
	return cmd, syscall.SIGKILL
}
