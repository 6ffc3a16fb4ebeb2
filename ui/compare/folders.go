package compare

import (
	"fmt"
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// folders draws the tree in n lines of w cells: a head, then the folders around
// the cursor.
func (m Model) folders(w, n int) []string {
	all := m.view.IMAP.Folders
	out := make([]string, 0, n)
	out = append(out, style.NewLine(w).Gap(m.st.Text, 1).Put(m.st.Muted, "FOLDERS").End(m.st.Text))
	room := max(n-1, 0)
	first := min(max(m.folder-room+1, 0), max(len(all)-room, 0))
	for i := first; len(out) < n; i++ {
		if i >= len(all) {
			out = append(out, style.Spaces(w))
			continue
		}
		out = append(out, m.folderLine(w, i, &all[i]))
	}
	return out
}

func (m Model) folderLine(w, i int, f *retrieval.Folder) string {
	in := &m.st.Inks
	bar := " "
	if m.tree && i == m.folder {
		in, bar = &m.st.Cursor, "▌"
	}
	l := style.NewLine(w).Put(in.IMAP, bar)
	name, depth := leaf(f)
	pen := in.Text
	switch {
	case f.NoSelect:
		pen = in.Muted
	case strings.EqualFold(f.Name, m.view.IMAP.Mailbox.Name):
		pen = in.IMAP
	}
	if !f.Subscribed && !f.NoSelect && m.anySubscribed() {
		name = "(" + name + ")"
	}
	count := folderCount(f)
	l.Gap(in.Text, min(depth, 2))
	l.Cell(pen, name, l.Left()-style.Width(count))
	l.Put(in.Muted, count)
	return l.End(in.Text)
}

// anySubscribed reports whether the server told of subscriptions: without one,
// nothing is said of any folder.
func (m Model) anySubscribed() bool {
	return slices.ContainsFunc(m.view.IMAP.Folders, func(f retrieval.Folder) bool { return f.Subscribed && !strings.EqualFold(f.Name, "INBOX") })
}

func folderCount(f *retrieval.Folder) string {
	if !f.Counted || f.NoSelect {
		return " "
	}
	if f.Messages >= 10000 {
		return fmt.Sprintf(" %dk", f.Messages/1000)
	}
	return fmt.Sprintf(" %d", f.Messages)
}

// leaf is the last part of a folder's name and its depth in the hierarchy.
func leaf(f *retrieval.Folder) (string, int) {
	if f.Delim == "" {
		return safe.Line(f.Name), 0
	}
	parts := strings.Split(f.Name, f.Delim)
	return safe.Line(parts[len(parts)-1]), len(parts) - 1
}
