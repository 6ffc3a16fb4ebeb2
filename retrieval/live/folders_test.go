package live

import (
	"slices"
	"testing"

	"imapop/retrieval"
)

func TestFoldersInOrder(t *testing.T) {
	list := []retrieval.Folder{
		{Name: "Work/Projects", Delim: "/"}, {Name: "Archive", Delim: "/", Role: "Archive"}, {Name: "Alpha", Delim: "/"},
		{Name: "INBOX", Delim: "/"}, {Name: "Trash", Delim: "/", Role: "Trash"}, {Name: "Work", Delim: "/"},
		{Name: "Archive/2025", Delim: "/"}, {Name: "Sent", Delim: "/", Role: "Sent"},
	}
	inOrder(list)
	var got []string
	for _, f := range list {
		got = append(got, f.Name)
	}
	want := []string{"INBOX", "Sent", "Archive", "Archive/2025", "Trash", "Alpha", "Work", "Work/Projects"}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
