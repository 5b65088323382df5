package dev.azimuth.tensor.file;

import java.util.Set;

/**
 * Which classes and functions a pickle may not use.
 *
 * <p>Reading is safe without this list, since nothing is ever called. The list is for the person
 * before the screen: a checkpoint that asks for a shell is an attack, and loading its tensors
 * without a word would pass it on. So a pickle that calls one of these, or hands one to a call or
 * into an object's state, at any depth, is refused as a whole. Naming one without a use is harmless
 * data; any other unknown class or function may be called and gives an inert object.
 *
 * <p>The list: modules that run programs or code, load code or pickles, or reach the system, its
 * files or the network; of the builtins everything but containers, numbers and texts. A dotted name
 * ({@code torch.serialization} with {@code os.system}) counts by each of its parts, since Python
 * looks it up attribute by attribute.
 */
final class PickleGlobals {
  private static final Set<String> BUILTINS = Set.of("builtins", "__builtin__", "__builtins__");

  private static final Set<String> HARMLESS_BUILTINS =
      Set.of(
          "bool",
          "bytearray",
          "bytes",
          "complex",
          "dict",
          "float",
          "frozenset",
          "int",
          "list",
          "long",
          "object",
          "range",
          "set",
          "slice",
          "str",
          "tuple",
          "unicode",
          "xrange");

  /** Modules of Python's own library, and of others by their first name. */
  private static final Set<String> MODULES =
      Set.of(
          // processes and the system
          "_posixsubprocess",
          "commands",
          "ctypes",
          "_ctypes",
          "cffi",
          "fcntl",
          "mmap",
          "multiprocessing",
          "nt",
          "os",
          "pexpect",
          "platform",
          "popen2",
          "posix",
          "pty",
          "resource",
          "sched",
          "signal",
          "subprocess",
          "sys",
          "_thread",
          "threading",
          "concurrent",
          // code
          "_imp",
          "ast",
          "bdb",
          "cProfile",
          "cgitb",
          "code",
          "codeop",
          "compileall",
          "distutils",
          "doctest",
          "ensurepip",
          "gc",
          "idlelib",
          "imp",
          "importlib",
          "inspect",
          "lib2to3",
          "operator",
          "_operator",
          "pdb",
          "pip",
          "pkgutil",
          "profile",
          "py_compile",
          "pydoc",
          "runpy",
          "setuptools",
          "timeit",
          "trace",
          "types",
          "venv",
          "zipimport",
          // pickles within pickles
          "_pickle",
          "cPickle",
          "cloudpickle",
          "dill",
          "joblib",
          "marshal",
          "pickle",
          "shelve",
          // files
          "_io",
          "fileinput",
          "glob",
          "io",
          "linecache",
          "shutil",
          "tempfile",
          "zipfile",
          "tarfile",
          // the network
          "_socket",
          "aiohttp",
          "asyncio",
          "ftplib",
          "http",
          "httplib",
          "httpx",
          "imaplib",
          "poplib",
          "requests",
          "smtplib",
          "socket",
          "socketserver",
          "ssl",
          "_ssl",
          "telnetlib",
          "urllib",
          "urllib2",
          "urllib3",
          "webbrowser",
          "xmlrpc");

  /** Inert data out of those modules. */
  private static final Set<String> HARMLESS =
      Set.of("types.SimpleNamespace", "io.BytesIO", "_io.BytesIO", "io.StringIO", "_io.StringIO");

  /** Parts of packages that are harmless otherwise, each with all that is below. */
  private static final Set<String> PARTS =
      Set.of(
          "numpy.distutils",
          "numpy.f2py",
          "numpy.load",
          "numpy.testing",
          "torch.hub",
          "torch.jit.load",
          "torch.load",
          "torch.package",
          "torch.serialization.load",
          "torch.utils.cpp_extension");

  private PickleGlobals() {}

  /** Whether calling it would run code, or reach for what does. */
  static boolean runsCode(String module, String name) {
    String root = firstPart(module);
    if (BUILTINS.contains(root)) {
      return !HARMLESS_BUILTINS.contains(name);
    }
    String whole = module + "." + name;
    if (MODULES.contains(root)) {
      return !HARMLESS.contains(whole);
    }
    for (String part : name.split("\\.", -1)) {
      if (MODULES.contains(part) || BUILTINS.contains(part) || part.equals("__import__")) {
        return true;
      }
    }
    for (String part : PARTS) {
      if (whole.startsWith(part)
          && (whole.length() == part.length() || whole.charAt(part.length()) == '.')) {
        return true;
      }
    }
    return false;
  }

  private static String firstPart(String dotted) {
    int dot = dotted.indexOf('.');
    return dot < 0 ? dotted : dotted.substring(0, dot);
  }
}
