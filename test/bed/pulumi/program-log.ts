/** Where the language host notes how long programs took, one line of seconds each. Owns: the name of the variable that names the file. */
export const programLog = 'BED_PROGRAM_LOG';
