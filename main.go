// Command imapop opens one mail account over IMAP and POP3 at once and shows
// side by side what each protocol does to the same mailbox.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"imapop/ui/cli"
)

// version is set by the linker for releases: -ldflags "-X main.version=1.2.3".
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Execute(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, version)
	stop()
	os.Exit(code)
}
