/** Whether this is Roundsman as a package of another project, and no clone of its repository. */
export const isPackage: boolean = import.meta.url.includes('/node_modules/');
