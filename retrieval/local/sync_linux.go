package local

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// honest are the file systems whose syncfs reports write errors, by the magic
// number that statfs gives. Layered and network file systems are not among them.
var honest = map[int64]bool{
	unix.EXT4_SUPER_MAGIC:  true,
	unix.XFS_SUPER_MAGIC:   true,
	unix.BTRFS_SUPER_MAGIC: true,
	unix.F2FS_SUPER_MAGIC:  true,
	unix.TMPFS_MAGIC:       true,
}

// newSyncer picks one syncfs for a whole batch where the system tells its write
// errors (Linux 5.8 and later), and fsync of each file elsewhere.
func newSyncer(dir string) (syncer, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &fs); err != nil || !honest[int64(fs.Type)] || !kernelAtLeast(5, 8) {
		return eachFile{}, f.Close()
	}
	return &wholeSystem{dir: f}, nil
}

// wholeSystem syncs the file system once. Its descriptor is open from before the
// first write, so that no write error passes unseen.
type wholeSystem struct{ dir *os.File }

func (*wholeSystem) keepOpen() bool { return false }

func (w *wholeSystem) sync([]*os.File) error {
	for {
		err := unix.Syncfs(int(w.dir.Fd()))
		if err != unix.EINTR {
			return os.NewSyscallError("syncfs", err)
		}
	}
}

func (w *wholeSystem) close() error { return w.dir.Close() }

func kernelAtLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var gotMajor, gotMinor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &gotMajor, &gotMinor); err != nil {
		return false
	}
	return gotMajor > major || gotMajor == major && gotMinor >= minor
}
