//go:build race

package sandbox

// many is fewer under the race detector, which looks at each octet of each list.
const many = 5_000
