package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/handout"
	"imapop/retrieval/lesson/stage"
)

const reportLong = `Runs lessons and writes what they showed on this server as something to hand out:
the capabilities in two columns, what the server does where servers differ, what
was measured, the questions with their answers, and the transcripts, masked.

The ending of FILE decides: .html is one page that needs nothing else and prints
well, .md is Markdown, .json is for programs. On an account that is not the demo
account the lessons ask first, as 'imapop lesson run' does.`

func newReport(o *options) *cobra.Command {
	r := &lessonRun{o: o, quiet: true}
	var numbers []string
	var file string
	cmd := &cobra.Command{
		Use: "report -o FILE", Short: "Run lessons and write a hand-out: HTML, Markdown or JSON", Long: reportLong,
		Example: "  imapop report -o today.html\n  imapop report --account work --lesson 4 --lesson 15 --yes -o work.md",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := writerOf(file, o.version)
			if err != nil {
				return usageError{err}
			}
			r.all = len(numbers) == 0
			r.write = write
			return r.run(cmd.Context(), numbers)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "output", "o", "", "`FILE`.html, .md or .json to write")
	f.StringArrayVar(&numbers, "lesson", nil, "`N` or FILE of a lesson; again for more (default: all)")
	f.BoolVar(&r.ask, "ask", false, "ask the questions, and put the score into the hand-out")
	f.BoolVar(&r.yes, "yes", false, "on an account that is not the demo account: do not ask")
	f.DurationVar(&r.patience, "patience", 5*time.Second, "wait at most `TIME` for a server; 0: as long as the pages say")
	return cmd
}

// writerOf chooses the form by the file's ending.
func writerOf(file, version string) (func(lesson.Report) error, error) {
	var form func(lesson.Report) ([]byte, error)
	switch strings.ToLower(filepath.Ext(file)) {
	case ".html", ".htm":
		form = func(r lesson.Report) ([]byte, error) {
			s, err := handout.HTML(r, version)
			return []byte(s), err
		}
	case ".md":
		form = func(r lesson.Report) ([]byte, error) { return []byte(handout.Markdown(r)), nil }
	case ".json":
		form = func(r lesson.Report) ([]byte, error) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetIndent("", "  ")
			err := enc.Encode(r)
			return b.Bytes(), err
		}
	default:
		return nil, fmt.Errorf("-o wants a FILE that ends in .html, .md or .json, not %q", file)
	}
	return func(r lesson.Report) error {
		b, err := form(r)
		if err == nil {
			err = os.WriteFile(file, b, 0o600) // what was said on the wire is its owner's
		}
		return err
	}, nil
}

// progress tells, on stderr, that a report is under way.
func (r *lessonRun) progress(ctx context.Context, st *stage.Stage, l *lesson.Lesson) lesson.Result {
	fmt.Fprintf(r.o.streams.Err, "%2d %s\n", l.Number, l.Title)
	return st.Run(ctx, l, nil)
}
