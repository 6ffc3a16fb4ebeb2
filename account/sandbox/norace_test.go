//go:build !race

package sandbox

// many is how large a mailbox must not be slow.
const many = 100_000
