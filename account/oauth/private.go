package oauth

import "runtime"

// private says that the mode of a file tells who can read it.
const private = runtime.GOOS != "windows"
