package sandbox

import (
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	r.imap("SELECT INBOX")
	for cmd, want := range map[string]string{
		"SEARCH UNSEEN":                            "* SEARCH 4 6 7 8 10 11 12 14",
		"SEARCH FLAGGED SEEN":                      "* SEARCH 3",
		"SEARCH KEYWORD $forwarded":                "* SEARCH 13",
		"SEARCH FROM hopper":                       "* SEARCH 1 3",
		"SEARCH SUBJECT nanosecond UNFLAGGED":      "* SEARCH 1 2",
		"SEARCH SINCE 13-Sep-2026":                 "* SEARCH 11 12 13 14",
		"SEARCH BEFORE 8-Sep-2026":                 "* SEARCH 1 2",
		"SEARCH ON 8-Sep-2026":                     "* SEARCH 3",
		"SEARCH SENTSINCE 14-Sep-2026":             "* SEARCH 14",
		"SEARCH LARGER 1000000":                    "* SEARCH 6",
		"SEARCH BODY coil TO bartik":               "* SEARCH 3",
		"SEARCH TEXT \"post offices\"":             "* SEARCH 4",
		"SEARCH OR ANSWERED (KEYWORD $Forwarded)":  "* SEARCH 1 9 13",
		"SEARCH NOT 1:13":                          "* SEARCH 14",
		"SEARCH UID 99:*":                          "* SEARCH 14",
		"UID SEARCH 12:* UNSEEN":                   "* SEARCH 12 14",
		"SEARCH FROM nobody":                       "* SEARCH",
		"SEARCH CHARSET UTF-8 SUBJECT {9+}\r\n山登り": "* SEARCH 7",
		"SEARCH RETURN (MIN MAX COUNT) UNSEEN":     `* ESEARCH (TAG "x") MIN 4 MAX 14 COUNT 8`,
		"SEARCH RETURN (ALL) SEEN":                 `* ESEARCH (TAG "x") ALL 1:3,5,9,13`,
		"UID SEARCH RETURN (COUNT) ALL":            `* ESEARCH (TAG "x") UID COUNT 14`,
	} {
		if got := r.imap(cmd)[0]; got != want {
			t.Errorf("%s: got %q, want %q", cmd, got, want)
		}
	}
	r.imap("SEARCH RETURN (SAVE) FROM hopper")
	if got := strings.Join(r.imap("FETCH $ (UID)"), "; "); !strings.HasPrefix(got, "* 1 FETCH (UID 1); * 3 FETCH (UID 3); x OK") {
		t.Error(got)
	}
}

func TestFetchSections(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	r.imap("SELECT INBOX")
	for cmd, want := range map[string]string{
		"FETCH 14 BODY.PEEK[HEADER.FIELDS (subject x-none)]": "Subject: On computable numbers\r\n\r\n",
		"FETCH 3 BODY.PEEK[HEADER.FIELDS (References)]":      "References: <nano-1@sandbox.example>\r\n <nano-2@sandbox.example>\r\n\r\n",
		"FETCH 14 BODY.PEEK[TEXT]<0.10>":                     "Dear Alice",
		"FETCH 14 BODY.PEEK[TEXT]<99999.10>":                 "{0}\r\n",
		"FETCH 6 BODY.PEEK[1]<0.11>":                         "Dear Alice,",
		"FETCH 6 BODY.PEEK[2.MIME]":                          "Content-Type: image/x-portable-graymap",
		"FETCH 6 BINARY.SIZE[2]":                             "BINARY.SIZE[2] 1482057",
		"FETCH 6 BINARY.PEEK[2]<0.2>":                        "{2}\r\nP5",
		"FETCH 14 RFC822.SIZE":                               "RFC822.SIZE ",
		"FETCH 10 BODYSTRUCTURE":                             `("text" "calendar" ("charset" "utf-8" "method" "REQUEST")`,
		"FETCH 7 ENVELOPE":                                   "=?utf-8?q?",
	} {
		if got := strings.Join(r.imap(cmd), "\r\n"); !strings.Contains(got, want) {
			t.Errorf("%s: got %.300q, want %q in it", cmd, got, want)
		}
	}
	if got := r.imap("FETCH 14 FLAGS")[0]; got != `* 14 FETCH (FLAGS ())` {
		t.Error(got)
	}
	r.imap("FETCH 14 BODY[]")
	if got := r.imap("FETCH 14 FLAGS")[0]; got != `* 14 FETCH (FLAGS (\Seen))` {
		t.Error(got)
	}
}
