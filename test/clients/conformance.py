"""The public test suite for Jupyter kernels, jupyter_kernel_test, on the kernel "mmp".

Each sample is what the suite asks for under that name. The kernel has no pager and nothing
that clears outputs, so that `code_page_something` and `code_clear_output` are left out, and the suite skips
these two. The last line of the output says in JSON what came of each test.
"""

import json
import unittest

import jupyter_kernel_test


class MmpKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "mmp"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world');"
    code_stderr = "console.error('to stderr');"

    completion_samples = [
        {"text": "Math.ma", "matches": {"max"}},
        {"text": "JSON.str", "matches": {"stringify"}},
        {"text": "const bird = '🐤'; Math.ma", "matches": {"max"}},
    ]

    complete_code_samples = [
        "1",
        "console.log('hello, world');",
        "const twice = (x: number) => 2 * x;",
        "function one() {\n  return 1;\n}\n",
    ]
    incomplete_code_samples = ["console.log('hello, world'", "function one() {", "for (;;) {\n  one();"]
    invalid_code_samples = ["const = 1;", "1 +* 2;", "function () }"]

    code_generate_error = "throw new Error('as the suite wants it');"

    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'quoted'", "result": "quoted"},
        {"code": "[1, 2].map((x) => 2 * x)", "result": "[ 2, 4 ]"},
        {"code": "await Promise.resolve({ a: 1 })", "result": "{ a: 1 }"},
        {
            "code": "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>b</b>', 'text/plain': 'b' }) })",
            "mime": "text/html",
            "result": "<b>b</b>",
        },
    ]
    code_display_data = [
        {"code": "import * as tslab from 'tslab'; tslab.display.html('<b>bold</b>');", "mime": "text/html"},
        {"code": "import { table } from 'mmp'; table(['bird'], [['canary']]);", "mime": "text/html"},
        {"code": "import { table } from 'mmp'; table(['bird'], [['canary']]);", "mime": "text/plain"},
    ]

    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 ? 7"

    code_inspect_sample = "Math"


class Outcomes(unittest.TestResult):
    """What came of each test by its name: nothing to say, or why it failed or was skipped."""

    def __init__(self):
        super().__init__()
        self.by_name = {}

    def startTest(self, test):
        super().startTest(test)
        self.by_name[test._testMethodName] = {"failures": [], "skipped": False}

    def addError(self, test, err):
        super().addError(test, err)
        self._add(test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(test, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(test, f"{subtest}: {self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.by_name[test._testMethodName]["skipped"] = True

    def _add(self, test, text):
        # Before the first test there is none, as when the kernel does not start.
        name = getattr(test, "_testMethodName", str(test))
        self.by_name.setdefault(name, {"failures": [], "skipped": False})["failures"].append(text)


outcomes = Outcomes()
unittest.defaultTestLoader.loadTestsFromTestCase(MmpKernelTests).run(outcomes)
print(json.dumps(outcomes.by_name))
