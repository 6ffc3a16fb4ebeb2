package compare

import (
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// sharedTail is how many octets all of a few unique-ids end in alike: servers
// that write the UID first end every one in the same UIDVALIDITY, and a column
// that shows only ends would show nothing. 0 where lengths differ.
func sharedTail(entries []retrieval.Entry) int {
	n := len(entries)
	if n < 2 {
		return 0
	}
	first := entries[0].UniqueID
	shared := len(first)
	for _, i := range [...]int{1, n / 2, n - 1} {
		id := entries[i].UniqueID
		if len(id) != len(first) {
			return 0
		}
		same := 0
		for same < len(id) && id[len(id)-1-same] == first[len(first)-1-same] {
			same++
		}
		if i != 0 {
			shared = min(shared, same)
		}
	}
	if shared >= len(first) { // duplicates: nothing tells them apart
		return 0
	}
	return shared
}

// shortID shows in w cells the part of a unique-id that tells it from the others.
func shortID(id string, shared, w int) string {
	clean := safe.Line(id)
	if shared <= 0 || shared >= len(clean) || style.Width(clean) <= w || clean != id {
		return style.Tail(clean, w)
	}
	return style.Tail(clean[:len(clean)-shared], w-1) + "…"
}
