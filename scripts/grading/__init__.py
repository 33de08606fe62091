"""How submissions are graded without trusting them; see `scripts.grade` for the command.

A submission is code, and code can do anything to the process it runs in: redefine ``assert``'s helpers, patch the
kernel, print a score. So nothing that decides about points shares a process with it.

- The student's cells run in a *sandbox* (`sandbox`, `worker`): no network, no files but the system's and Python's, all
  of them read-only, bounds on memory, processes, files and time. No test, no solution and no other submission is there.
- The tests run in another process, the *judge* (`judge`), outside of the sandbox. It takes them from the master. In
  the tests a student's function is a stand-in: a call sends the arguments into the sandbox and gets the answer back as
  plain data (`messages`), never as code or pickled objects. To look right, an answer has to be right.
- All of the student's cells run before the first test, so that nothing they print can depend on a test.
- The points are nbgrader's (`course`): its autograder puts the master's tests back into the submission, the judge takes
  the place of the kernel, and nbgrader reads the outcome into its gradebook.

What was handed in, and by whom, is found by `handed_in` and read by `submission`; `tables` and `feedback` tell what
came of it.
"""
