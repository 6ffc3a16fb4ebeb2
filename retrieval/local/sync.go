package local

import (
	"os"
	"sync"
)

// syncer makes a batch of files durable: their octets and sizes, not yet their names.
type syncer interface {
	// keepOpen reports whether sync needs each file's own descriptor, the one that
	// wrote it: a write error is told only to descriptors that were open then.
	keepOpen() bool
	// sync returns nil only when every file is on disk. After an error nothing is
	// known of any of them: the system may have dropped what it could not write, and
	// a second sync would not say so. The caller throws the batch away.
	sync(files []*os.File) error
	close() error
}

// parallel is how many fsyncs run at once: the file system's journal commits for
// all that wait, so that a batch costs few commits.
const parallel = 16

// eachFile syncs file by file. It works everywhere.
type eachFile struct{}

func (eachFile) keepOpen() bool { return true }
func (eachFile) close() error   { return nil }

func (eachFile) sync(files []*os.File) error {
	work := make(chan *os.File)
	var group sync.WaitGroup
	var once sync.Once
	var first error
	for range min(parallel, len(files)) {
		group.Go(func() {
			for f := range work {
				if err := f.Sync(); err != nil {
					once.Do(func() { first = err })
				}
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	group.Wait()
	return first
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
