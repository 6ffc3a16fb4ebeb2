package live

import (
	"cmp"
	"slices"
	"strings"

	"imapop/retrieval"
)

// roleOrder is where the folders of a special use stand: behind INBOX, in the
// order in which a message goes through them.
var roleOrder = []string{"Drafts", "Sent", "Archive", "Junk", "Trash"}

// inOrder sorts a folder list as a person expects it: INBOX, what has a special
// use, then the others by name. What lies below a folder follows it.
func inOrder(folders []retrieval.Folder) {
	top := map[string]int{} // rank of each first part of a name
	for i := range folders {
		if f := &folders[i]; first(f) == f.Name {
			top[f.Name] = rank(f)
		}
	}
	slices.SortStableFunc(folders, func(a, b retrieval.Folder) int {
		ra, rb := len(roleOrder)+1, len(roleOrder)+1
		if r, ok := top[first(&a)]; ok {
			ra = r
		}
		if r, ok := top[first(&b)]; ok {
			rb = r
		}
		return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(first(&a), first(&b)), cmp.Compare(a.Name, b.Name))
	})
}

// first is the part of the name before the first delimiter.
func first(f *retrieval.Folder) string {
	if f.Delim == "" {
		return f.Name
	}
	part, _, _ := strings.Cut(f.Name, f.Delim)
	return part
}

func rank(f *retrieval.Folder) int {
	if isInbox(f.Name) {
		return -1
	}
	if i := slices.Index(roleOrder, f.Role); i >= 0 {
		return i
	}
	return len(roleOrder) + 1
}

// countSelected writes the selected mailbox's counts into the tree: the messages
// are known from its list; the unread ones when every message was looked at.
func (b *book) countSelected() {
	list := slices.Clone(b.imap.Folders)
	for i := range list {
		if list[i].Name != b.imap.Mailbox.Name {
			continue
		}
		list[i].Messages = uint32(len(b.uids))
		if len(b.known) >= len(b.uids) {
			list[i].Unseen = b.unseen()
		}
	}
	b.imap.Folders, b.stale = list, true
}

func (b *book) unseen() (n uint32) {
	for _, u := range b.uids {
		if m := b.known[u]; m != nil && !m.Has(`\Seen`) {
			n++
		}
	}
	return n
}
