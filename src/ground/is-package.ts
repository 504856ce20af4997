/** Whether this is Roundsman as a package in another project, and not a clone of its repository. */
export const isPackage: boolean = import.meta.url.includes('/node_modules/');
