//go:build !linux

package local

func newSyncer(string) (syncer, error) { return eachFile{}, nil }
